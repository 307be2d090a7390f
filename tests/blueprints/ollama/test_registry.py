"""`POST /api/pull` and `POST /api/push`."""

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import GPT, list_models
from tests.blueprints.readers import read_lines


@pytest.mark.parametrize(
    "body",
    [
        {"model": GPT},
        {"name": "GPT-OSS-120B:latest"},
        {"MODEL": "gpt-oss:120b"},
        {"model": "gpt-oss:120b-cloud"},
        {"model": "library/gpt-oss:120b"},
        {"model": " gpt-oss-120b "},
    ],
    ids=str,
)
def test_model_is_pulled_by_any_of_its_names(
    client: FlaskClient, body: dict[str, str]
) -> None:
    lines = read_lines(client.post("/api/pull", json=body))

    digest = list_models(client)[f"{GPT}:latest"]["digest"]
    assert lines[0] == {"status": "pulling manifest"}
    assert lines[-1] == {"status": "success"}
    digests = {line["digest"] for line in lines if "digest" in line}
    assert digests == {f"sha256:{digest}"}


def test_fields_for_a_registry_are_ignored(client: FlaskClient) -> None:
    registry = {"insecure": True, "username": "me", "password": "secret"}
    body = {"model": "", "name": GPT, "stream": False, **registry}

    response = client.post("/api/pull", json=body)

    assert response.json == {"status": "success"}
    assert response.content_type == "application/json"


def test_unknown_model_is_pulled_if_there_is_a_default_model(
    make_client: MakeClient,
) -> None:
    client = make_client(CAI_MODEL=GPT)

    response = client.post("/api/pull", json={"model": "unknown", "stream": False})

    assert (response.status_code, response.json) == (200, {"status": "success"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (GPT, "models that run on Cerebras have no files"),
        ("a b", "model 'a b' not found"),
    ],
)
def test_push_fails_streamed_and_whole(
    client: FlaskClient, name: str, text: str
) -> None:
    lines = read_lines(client.post("/api/push", json={"name": name}))
    whole = client.post("/api/push", json={"model": name, "stream": False})

    assert lines[0] == {"status": "retrieving manifest"}
    assert lines[-1] == whole.json
    assert whole.status_code == 500
    assert whole.content_type == "application/json"
    assert whole.json["error"].startswith(text)
