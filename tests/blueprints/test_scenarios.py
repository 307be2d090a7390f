"""The same wish is the same request to the upstream, whatever the dialect."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.conversations import SHOWN
from tests.blueprints.ollama.making import made
from tests.blueprints.scenarios import (
    CAP,
    ROUTES,
    SCENARIOS,
    SYSTEM,
    body_of,
)
from tests.blueprints.talking import CHAT, GENERATE, GPT, QWEN, Object, sent, user
from tests.cerebras import Fake

PLAIN = {
    "model": GPT,
    "messages": [user()],
    "max_completion_tokens": CAP,
    "stream": False,
}
everywhere = pytest.mark.parametrize("path", ROUTES)


def asked(client: FlaskClient, fake: Fake, path: str, **more: Any) -> Object:
    """What the upstream is asked for a plain request with more to it."""
    answer = client.post(path, json=body_of(path, more))
    assert answer.status_code == 200, answer.text
    return sent(fake)


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for name, (_, bodies) in SCENARIOS.items() for path in bodies],
)
def test_one_wish_is_one_request(
    client: FlaskClient, fake: Fake, path: str, name: str
) -> None:
    upstream, bodies = SCENARIOS[name]

    assert asked(client, fake, path, **bodies[path]) == {**PLAIN, **upstream}


@pytest.mark.parametrize("path", SHOWN)
def test_what_a_model_cannot_see_is_refused_alike(
    client: FlaskClient, path: str
) -> None:
    answer = client.post(path, json=body_of(path, SHOWN[path]))

    assert answer.status_code == 400
    assert '\\"gpt-oss-120b\\" does not support vision' in answer.text


@everywhere
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_derived_model_is_the_same_everywhere(
    make_client: MakeClient, fake: Fake, path: str, stream: bool
) -> None:
    client = make_client()
    parameters = {"temperature": 0.25, "top_p": 0.5, "seed": 7, "stop": ["x"]}
    begins = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    made(
        client,
        model="mario",
        system=SYSTEM["content"],
        template="Q: {{ .Prompt }}",
        parameters={**parameters, "num_predict": 7},
        messages=begins,
    )

    request = asked(client, fake, path, model="mario", stream=stream, temperature=1)

    framed = [
        {**said, "content": f"Q: {said['content']}"} if said["role"] == "user" else said
        for said in [*begins, user()]
    ]
    assert request.pop("temperature") == (0.25 if path in (CHAT, GENERATE) else 1)
    del parameters["temperature"]
    expected = {**PLAIN, **parameters, "messages": [SYSTEM, *framed], "stream": stream}
    assert request == expected


@everywhere
def test_an_alias_is_the_model_itself(
    make_client: MakeClient, fake: Fake, path: str
) -> None:
    client = make_client()
    client.post("/api/copy", json={"source": QWEN, "destination": "claude-x"})

    assert asked(client, fake, path, model="claude-x") == {**PLAIN, "model": QWEN}


@everywhere
def test_any_name_is_the_model_that_is_set(
    make_client: MakeClient, fake: Fake, path: str
) -> None:
    client = make_client(CAI_MODEL=QWEN)

    answer = client.post(path, json=body_of(path, {"model": "claude-x"}))

    assert answer.get_json()["model"] == "claude-x"
    assert sent(fake) == {**PLAIN, "model": QWEN}


@pytest.mark.parametrize("path", ROUTES[:-1])
def test_a_cap_that_nobody_gives_is_the_one_that_is_set(
    make_client: MakeClient, fake: Fake, path: str
) -> None:
    client = make_client(DEFAULT_NUM_PREDICT="9")
    body = {
        key: value
        for key, value in body_of(path, {}).items()
        if not key.startswith("max_") and key != "options"
    }

    client.post(path, json=body)

    assert sent(fake) == {**PLAIN, "max_completion_tokens": 9}
