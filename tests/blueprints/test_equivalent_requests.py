"""The same request becomes the same upstream request, whatever the dialect."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import (
    CHAT,
    GENERATE,
    GPT,
    INFERENCE_PATHS,
    MESSAGES,
    QWEN,
    Object,
    create_mario,
    upstream_request,
    user_message,
)
from tests.blueprints.equivalent_requests import (
    CAP,
    CASES,
    IMAGES,
    SYSTEM,
    capped_body,
)
from tests.blueprints.readers import read_error
from tests.cerebras import Fake

PLAIN = {
    "model": GPT,
    "messages": [user_message()],
    "max_completion_tokens": CAP,
    "stream": False,
}
every_path = pytest.mark.parametrize("path", INFERENCE_PATHS)


def send(client: FlaskClient, fake: Fake, path: str, **fields: Any) -> Object:
    """Return the upstream request that a request with these fields becomes."""
    response = client.post(path, json=capped_body(path, fields))
    assert response.status_code == 200, response.text
    return upstream_request(fake)


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for name in CASES for path in CASES[name].bodies]
)
def test_equivalent_requests_become_the_same_upstream_request(
    client: FlaskClient, fake: Fake, path: str, name: str
) -> None:
    upstream, bodies = CASES[name]

    assert send(client, fake, path, **bodies[path]) == {**PLAIN, **upstream}


@pytest.mark.parametrize("path", IMAGES)
def test_image_for_a_model_without_vision_returns_400(
    client: FlaskClient, fake: Fake, path: str
) -> None:
    response = client.post(path, json=capped_body(path, IMAGES[path]))

    assert response.status_code == 400
    assert read_error(path, response) == f'"{GPT}" does not support vision'
    assert fake.inference_requests() == []


@every_path
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_derived_model_applies_its_preset(
    make_client: MakeClient, fake: Fake, path: str, stream: bool
) -> None:
    client = make_client()
    parameters = {"temperature": 0.25, "top_p": 0.5, "seed": 7, "stop": ["x"]}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Ho"},
    ]
    create_mario(
        client,
        system=SYSTEM["content"],
        template="Q: {{ .Prompt }}",
        parameters={**parameters, "num_predict": 7},
        messages=messages,
    )

    request = send(client, fake, path, model="mario", stream=stream, temperature=1)

    expected = {**PLAIN, **parameters, "stream": stream}
    expected["messages"] = [
        SYSTEM,
        {"role": "user", "content": "Q: Hi"},
        {"role": "assistant", "content": "Ho"},
        {"role": "user", "content": "Q: hello"},
    ]
    if path not in (CHAT, GENERATE):  # which take it from `options` only
        expected["temperature"] = 1
    assert request == expected


@every_path
def test_alias_becomes_its_model(
    make_client: MakeClient, fake: Fake, path: str
) -> None:
    client = make_client()
    client.post("/api/copy", json={"source": QWEN, "destination": "claude-x"})

    assert send(client, fake, path, model="claude-x") == {**PLAIN, "model": QWEN}


@every_path
def test_unknown_name_becomes_the_default_model(
    make_client: MakeClient, fake: Fake, path: str
) -> None:
    client = make_client(CAI_MODEL=QWEN)

    response = client.post(path, json=capped_body(path, {"model": "claude-x"}))

    assert response.get_json()["model"] == "claude-x"
    assert upstream_request(fake) == {**PLAIN, "model": QWEN}


@pytest.mark.parametrize("path", [path for path in INFERENCE_PATHS if path != MESSAGES])
def test_missing_token_limit_becomes_the_default(
    make_client: MakeClient, fake: Fake, path: str
) -> None:
    client = make_client(DEFAULT_NUM_PREDICT="9")
    body = {
        key: value
        for key, value in capped_body(path, {}).items()
        if not key.startswith("max_") and key != "options"
    }

    client.post(path, json=body)

    assert upstream_request(fake) == {**PLAIN, "max_completion_tokens": 9}
