"""Relaying requests to the passthrough, and its responses to the client."""

import json
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.cerebras import Fake
from tests.fake_ollama import (
    CHAT_LINES,
    DETAILS,
    SSE_LINES,
    FakeOllama,
)

HELLO = [{"role": "user", "content": "Hello"}]
NDJSON = "".join(f"{line}\n" for line in CHAT_LINES)

# path -> (request body without the model, expected response)
RELAYED: dict[str, tuple[dict[str, Any], str]] = {
    "/api/chat": ({"messages": HELLO}, NDJSON),
    "/api/generate": ({"prompt": "Hello"}, NDJSON),
    "/v1/chat/completions": (
        {"messages": HELLO, "stream": True},
        "".join(f"{line}\n" for line in SSE_LINES),
    ),
    "/api/show": ({}, json.dumps({"details": DETAILS, "model_info": {}})),
}


@pytest.fixture
def client(make_client: MakeClient, ollama: FakeOllama) -> FlaskClient:
    return make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)


@pytest.mark.parametrize("path", RELAYED)
@pytest.mark.parametrize("name", ["llama3", "LLAMA3:latest", " llama3 "])
def test_response_for_a_passthrough_model_is_relayed_unchanged(
    client: FlaskClient, ollama: FakeOllama, path: str, name: str
) -> None:
    fields, expected = RELAYED[path]
    sent = json.dumps({"model": name, **fields}, indent=3).encode()

    response = client.post(path, data=sent)

    assert response.status_code == 200
    assert response.get_data(as_text=True) == expected
    assert [each.body for each in ollama.wait_for_requests(path)] == [sent]


@pytest.mark.parametrize("path", RELAYED)
def test_served_model_is_not_relayed(
    client: FlaskClient, ollama: FakeOllama, path: str
) -> None:
    ollama.names.append("gpt-oss:120b")

    response = client.post(path, json={"model": "gpt-oss:120b", **RELAYED[path][0]})

    assert response.status_code == 200
    assert ollama.requests == []


@pytest.mark.parametrize("path", RELAYED)
def test_unknown_model_is_404_and_not_relayed(
    client: FlaskClient, ollama: FakeOllama, path: str
) -> None:
    response = client.post(path, json={"model": "zz", **RELAYED[path][0]})

    assert response.status_code == 404
    assert "not found" in response.text
    assert [each.line for each in ollama.requests] == ["GET /api/tags HTTP/1.1"]


def test_passthrough_model_wins_over_the_default_model(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CAI_MODEL="gpt-oss-120b")
    body = {"messages": HELLO, "stream": False}

    relayed = client.post("/api/chat", json={"model": "llama3", **body})
    own = client.post("/api/chat", json={"model": "zz", **body})

    assert relayed.text == NDJSON
    assert own.json and own.json["remote_model"] == "gpt-oss-120b"


@pytest.mark.parametrize("name", ["", "a b"])
def test_invalid_name_is_not_looked_up(
    client: FlaskClient, ollama: FakeOllama, name: str
) -> None:
    response = client.post("/api/chat", json={"model": name, "messages": HELLO})

    assert response.status_code == 400
    assert ollama.requests == []


def test_request_is_validated_by_the_passthrough_only(
    client: FlaskClient,
) -> None:
    body = {"model": "llama3", "options": {"temperature": "hot"}, "think": "as ever"}

    response = client.post("/api/chat", json=body)

    assert response.status_code == 500
    assert response.json == {
        "error": 'option "temperature" must be of type float32',
    }


def test_compressed_body_is_relayed_compressed(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    plain = json.dumps({"model": "llama3", "messages": HELLO}).encode()
    sent = zstandard.compress(plain)

    client.post("/api/chat", data=sent, headers={"Content-Encoding": "zstd"})

    (relayed,) = ollama.wait_for_requests("/api/chat")
    assert relayed.body == sent
    assert relayed.headers["Content-Encoding"] == "zstd"


def test_headers_about_the_client_are_not_relayed(
    client: FlaskClient, ollama: FakeOllama
) -> None:
    headers = {
        "Authorization": "Bearer of-the-client",
        "X-Api-Key": "of-the-client",
        "Cookie": "session=1",
        "Origin": "http://localhost:3000",
        "Connection": "keep-alive, X-Once",
        "X-Once": "1",
        "Te": "trailers",
        "User-Agent": "ollama/0.33.0",
        "X-Request-Id": "abc",
    }

    response = client.post("/api/embed?a=%20b", json={"model": "m"}, headers=headers)

    (relayed,) = ollama.wait_for_requests("/api/embed?a=%20b")
    assert set(relayed.headers) - {"Accept-Encoding"} == {
        "Cerellama-Hops",
        "Content-Length",
        "Content-Type",
        "Host",
        "User-Agent",
        "X-Request-Id",
    }
    assert relayed.headers["Host"] == ollama.url.removeprefix("http://")
    assert relayed.headers["User-Agent"] == "ollama/0.33.0"
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_cerebras_key_is_not_relayed(
    client: FlaskClient, ollama: FakeOllama, fake: Fake
) -> None:
    client.get("/api/tags")
    client.post("/api/chat", json={"model": "llama3", "messages": HELLO})

    assert ollama.requests
    assert fake.key not in repr(ollama.requests)


DEAD = "http://127.0.0.1:9"


@pytest.mark.parametrize("path", [*RELAYED, "/api/embed", "/v1/embeddings"])
def test_unreachable_passthrough_is_502_not_the_default_model(
    make_client: MakeClient, path: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=DEAD, CAI_MODEL="gpt-oss-120b")

    response = client.post(path, json={"model": "zz", "messages": HELLO})

    assert response.status_code == 502
    assert f"cannot reach the Ollama server at {DEAD}: " in response.text


def test_request_in_a_loop_is_508(client: FlaskClient, ollama: FakeOllama) -> None:
    client.post("/api/embed", json={"model": "m"})
    hops = ollama.wait_for_requests("/api/embed")[0].headers["Cerellama-Hops"]

    back = {"Cerellama-Hops": f"{hops}, 0123"}
    response = client.post("/api/embed", json={"model": "m"}, headers=back)

    assert response.status_code == 508
    assert "OLLAMA_PASSTHROUGH_URL" in response.text
    assert len(ollama.requests) == 1


def test_relayed_request_is_logged(
    client: FlaskClient, app_log: pytest.LogCaptureFixture
) -> None:
    body = {"model": "llama3", "messages": HELLO}

    response = client.post("/api/chat", json=body, buffered=True)

    (entry,) = (each for each in app_log.records if each.name == "app.access")
    fields = entry.__dict__["fields"]
    logged = [fields[name] for name in ("model", "name", "outcome", "id")]
    assert logged == ["passthrough", "llama3", "ok", response.headers["X-Request-Id"]]
