"""What goes to a real Ollama behind us, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.cerebras import Fake
from tests.stand_in_ollama import (
    CHAT_LINES,
    DETAILS,
    SSE_LINES,
    StandIn,
)

HELLO = [{"role": "user", "content": "Hello"}]
NDJSON = "".join(f"{line}\n" for line in CHAT_LINES)

# A path, a body for it but for the model, and what the stand-in answers.
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
def client(make_client: MakeClient, ollama: StandIn) -> FlaskClient:
    return make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)


@pytest.mark.parametrize("path", RELAYED)
@pytest.mark.parametrize("name", ["llama3", "LLAMA3:latest", " llama3 "])
def test_a_model_of_the_passthrough_answers_byte_for_byte(
    client: FlaskClient, ollama: StandIn, path: str, name: str
) -> None:
    fields, expected = RELAYED[path]
    sent = json.dumps({"model": name, **fields}, indent=3).encode()

    response = client.post(path, data=sent)

    assert response.status_code == 200
    assert response.get_data(as_text=True) == expected
    assert [each.body for each in ollama.asked(path)] == [sent]


@pytest.mark.parametrize("path", RELAYED)
def test_a_served_model_never_goes_to_the_passthrough(
    client: FlaskClient, ollama: StandIn, path: str
) -> None:
    ollama.names.append("gpt-oss:120b")

    response = client.post(path, json={"model": "gpt-oss:120b", **RELAYED[path][0]})

    assert response.status_code == 200
    assert ollama.requests == []


@pytest.mark.parametrize("path", RELAYED)
def test_a_name_that_nobody_has_is_ours_to_refuse(
    client: FlaskClient, ollama: StandIn, path: str
) -> None:
    response = client.post(path, json={"model": "zz", **RELAYED[path][0]})

    assert response.status_code == 404
    assert "not found" in response.text
    assert [each.line for each in ollama.requests] == ["GET /api/tags HTTP/1.1"]


def test_the_passthrough_goes_before_the_default_model(
    make_client: MakeClient, ollama: StandIn
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CAI_MODEL="gpt-oss-120b")
    body = {"messages": HELLO, "stream": False}

    relayed = client.post("/api/chat", json={"model": "llama3", **body})
    ours = client.post("/api/chat", json={"model": "zz", **body})

    assert relayed.text == NDJSON
    assert ours.json and ours.json["remote_model"] == "gpt-oss-120b"


@pytest.mark.parametrize("name", ["", "a b"])
def test_what_is_no_name_is_not_asked_for(
    client: FlaskClient, ollama: StandIn, name: str
) -> None:
    response = client.post("/api/chat", json={"model": name, "messages": HELLO})

    assert response.status_code == 400
    assert ollama.requests == []


def test_what_only_the_passthrough_refuses_is_refused_in_its_words(
    client: FlaskClient,
) -> None:
    body = {"model": "llama3", "options": {"temperature": "hot"}, "think": "as ever"}

    response = client.post("/api/chat", json=body)

    assert response.status_code == 500
    assert response.json == {
        "error": 'option "temperature" must be of type float32',
    }


def test_a_compressed_body_goes_on_compressed(
    client: FlaskClient, ollama: StandIn
) -> None:
    plain = json.dumps({"model": "llama3", "messages": HELLO}).encode()
    sent = zstandard.compress(plain)

    client.post("/api/chat", data=sent, headers={"Content-Encoding": "zstd"})

    (asked,) = ollama.asked("/api/chat")
    assert asked.body == sent
    assert asked.headers["Content-Encoding"] == "zstd"


def test_a_large_body_goes_on_whole(client: FlaskClient, ollama: StandIn) -> None:
    said = [{"role": "user", "content": "x" * 3_000_000}]
    sent = json.dumps({"model": "llama3", "messages": said}).encode()

    client.post("/api/chat", data=sent)

    assert ollama.asked("/api/chat")[0].body == sent


def test_nothing_of_who_asks_goes_on(client: FlaskClient, ollama: StandIn) -> None:
    told = {
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

    response = client.post("/api/embed?a=%20b", json={"model": "m"}, headers=told)

    (asked,) = ollama.asked("/api/embed?a=%20b")
    assert set(asked.headers) - {"Accept-Encoding"} == {
        "Cerellama-Hops",
        "Content-Length",
        "Content-Type",
        "Host",
        "User-Agent",
        "X-Request-Id",
    }
    assert asked.headers["Host"] == ollama.url.removeprefix("http://")
    assert asked.headers["User-Agent"] == "ollama/0.33.0"
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_no_key_of_cerebras_goes_there(
    client: FlaskClient, ollama: StandIn, fake: Fake
) -> None:
    client.get("/api/tags")
    client.post("/api/chat", json={"model": "llama3", "messages": HELLO})

    assert ollama.requests
    assert fake.key not in repr(ollama.requests)


def test_a_model_pulled_a_moment_ago_is_there(
    client: FlaskClient, ollama: StandIn
) -> None:
    asked = {"model": "new", "messages": HELLO}
    assert client.post("/api/chat", json=asked).status_code == 404

    ollama.names.append("new:latest")

    assert client.post("/api/chat", json=asked).status_code == 200


def test_a_known_model_is_not_looked_up_for_every_request(
    client: FlaskClient, ollama: StandIn
) -> None:
    for _ in range(3):
        client.post("/api/chat", json={"model": "llama3", "messages": HELLO})

    assert len(ollama.asked("/api/tags")) == 1


DEAD = "http://127.0.0.1:9"


@pytest.mark.parametrize("path", [*RELAYED, "/api/embed", "/v1/embeddings"])
def test_a_dead_passthrough_is_named_and_the_default_model_stays_silent(
    make_client: MakeClient, path: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=DEAD, CAI_MODEL="gpt-oss-120b")

    response = client.post(path, json={"model": "zz", "messages": HELLO})

    assert response.status_code == 502
    assert f"cannot reach the Ollama server at {DEAD}: " in response.text


def test_a_dead_passthrough_costs_served_models_nothing(
    make_client: MakeClient,
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=DEAD)

    body = {"model": "gpt-oss-120b", "messages": HELLO, "stream": False}

    assert client.post("/api/chat", json=body).status_code == 200


def test_a_request_that_comes_back_is_refused(
    client: FlaskClient, ollama: StandIn
) -> None:
    client.post("/api/embed", json={"model": "m"})
    hops = ollama.asked("/api/embed")[0].headers["Cerellama-Hops"]

    back = {"Cerellama-Hops": f"{hops}, 0123"}
    response = client.post("/api/embed", json={"model": "m"}, headers=back)

    assert response.status_code == 508
    assert "OLLAMA_PASSTHROUGH_URL" in response.text
    assert len(ollama.requests) == 1


def test_servers_that_were_passed_are_told_on(
    client: FlaskClient, ollama: StandIn
) -> None:
    client.post("/api/embed", json={"model": "m"}, headers={"Cerellama-Hops": "abc"})

    first, own = ollama.asked("/api/embed")[0].headers["Cerellama-Hops"].split(", ")
    assert first == "abc"
    assert len(own) == 16


def test_an_answer_of_the_passthrough_has_its_line_too(
    client: FlaskClient, app_log: pytest.LogCaptureFixture
) -> None:
    body = {"model": "llama3", "messages": HELLO}

    answer = client.post("/api/chat", json=body, buffered=True)

    (line,) = (each for each in app_log.records if each.name == "app.access")
    fields = line.__dict__["fields"]
    told = [fields[name] for name in ("model", "name", "outcome", "id")]
    assert told == ["passthrough", "llama3", "ok", answer.headers["X-Request-Id"]]
