"""Requests that change models: relayed for models of the passthrough only."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.fake_ollama import DIGEST, PULL_LINES, PUSH_LINES, FakeOllama

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def client(make_client: MakeClient, ollama: FakeOllama) -> FlaskClient:
    return make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)


def test_pull_of_an_unserved_model_is_relayed(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    relayed = client.post("/api/pull", json={"model": "", "name": "new"})

    assert relayed.text.splitlines() == PULL_LINES
    assert relayed.content_type == "application/x-ndjson"
    assert len(ollama.requests) == 1
    assert "new:latest" in client.get("/api/tags").text


@pytest.mark.parametrize("default", ["", "gpt-oss-120b"])
def test_pull_of_a_served_model_is_not_relayed(
    make_client: MakeClient, ollama: FakeOllama, default: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CAI_MODEL=default)

    response = client.post("/api/pull", json={"name": "gpt-oss:120b", "stream": False})

    assert response.json == {"status": "success"}
    assert ollama.requests == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name":1}', b"{}", b'{"name":"a b"}'])
def test_pull_without_a_valid_name_is_400(
    client: FlaskClient, ollama: FakeOllama, body: bytes
) -> None:
    assert client.post("/api/pull", data=body).status_code == 400
    assert ollama.requests == []


def test_push_of_a_passthrough_model_is_relayed(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    relayed = client.post("/api/push", json={"model": "llama3"})
    own = client.post("/api/push", json={"model": "zz", "stream": False})

    assert relayed.text.splitlines() == PUSH_LINES
    assert own.status_code == 500


def test_empty_response_is_relayed(client: FlaskClient, ollama: FakeOllama) -> None:
    response = client.delete("/api/delete", json={"model": "llama3"})

    assert response.status_code == 200
    assert response.data == b""
    assert "Content-Type" not in response.headers
    assert response.headers["Content-Length"] == "0"
    assert ollama.names == ["all-minilm:latest"]


def test_deleted_passthrough_model_is_404(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    client.delete("/api/delete", json={"model": "llama3"})

    response = client.post("/api/chat", json={"model": "llama3", "messages": HELLO})

    assert response.status_code == 404


@pytest.mark.parametrize("sized", [True, False])
def test_upload_is_relayed_without_a_size_limit(
    client: FlaskClient, ollama: FakeOllama, sized: bool
) -> None:
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    sent = b"weights" * 100_000
    path = f"/api/blobs/{DIGEST}"
    length = {} if sized else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}

    response = client.post(path, data=sent, environ_overrides=length)

    assert response.status_code == 201
    assert ollama.wait_for_requests(path)[0].body == sent


def test_upload_that_ends_early_is_400(client: FlaskClient, ollama: FakeOllama) -> None:
    longer = {"CONTENT_LENGTH": "99", "wsgi.input_terminated": True}

    response = client.post(
        f"/api/blobs/{DIGEST}", data=b"weights" * 10, environ_overrides=longer
    )

    assert (response.status_code, response.get_json()["error"]) == (
        400,
        "unexpected EOF",
    )


def test_blob_check_is_relayed(client: FlaskClient, ollama: FakeOllama) -> None:
    client.head(f"/api/blobs/{DIGEST}")

    [relayed] = ollama.wait_for_requests(f"/api/blobs/{DIGEST}")
    assert relayed.line.startswith("HEAD ")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/create", {"model": "mine", "from": "llama3", "system": "x"}),
        ("/api/create", {"model": "mine", "files": {"model.gguf": DIGEST}}),
        ("/api/copy", {"source": "llama3", "destination": "mine"}),
    ],
    ids=["create", "create from files", "copy"],
)
def test_create_or_copy_of_a_passthrough_model_is_relayed(
    client: FlaskClient, ollama: FakeOllama, path: str, body: dict[str, Any]
) -> None:
    sent = json.dumps(body, indent=2).encode()

    client.post(path, data=sent)

    assert [each.body for each in ollama.wait_for_requests(path)] == [sent]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/create", {"model": "{}", "from": "llama3"}),
        ("/api/copy", {"source": "llama3", "destination": "{}"}),
    ],
    ids=["create", "copy"],
)
@pytest.mark.parametrize(
    ("name", "error"),
    [("gpt-oss:120b", "is served by Cerebras"), ("mario", "would be hidden by")],
)
def test_name_of_a_served_or_derived_model_is_refused(
    client: FlaskClient,
    ollama: FakeOllama,
    path: str,
    body: dict[str, Any],
    name: str,
    error: str,
) -> None:
    client.post("/api/create", json={"model": "mario", "from": "gpt-oss-120b"})
    filled = {key: value.replace("{}", name) for key, value in body.items()}

    refused = client.post(path, json=filled)

    assert refused.status_code == 400
    assert error in refused.json["error"]
    assert [each.line for each in ollama.requests if path in each.line] == []


def test_derived_model_wins_over_a_passthrough_model(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    client.post("/api/create", json={"model": "llama3", "from": "gpt-oss-120b"})

    listed = [each["name"] for each in client.get("/api/tags").json["models"]]
    shown = client.post("/api/show", json={"model": "llama3"}).json
    deleted = client.delete("/api/delete", json={"model": "llama3"})

    assert listed.count("llama3:latest") == 1
    assert shown["remote_model"] == "gpt-oss-120b"
    assert deleted.status_code == 200
    assert "llama3:latest" in client.get("/api/tags").text
