"""What changes a library is done by whose model it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.stand_in_ollama import DIGEST, PULL_LINES, PUSH_LINES, StandIn

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def library(make_client: MakeClient, ollama: StandIn) -> FlaskClient:
    return make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)


def test_a_pull_of_what_nobody_serves_is_relayed(
    library: FlaskClient, ollama: StandIn
) -> None:
    relayed = library.post("/api/pull", json={"model": "", "name": "new"})

    assert relayed.text.splitlines() == PULL_LINES
    assert relayed.content_type == "application/x-ndjson"
    assert len(ollama.requests) == 1
    assert "new:latest" in library.get("/api/tags").text


@pytest.mark.parametrize("default", ["", "gpt-oss-120b"])
def test_a_pull_of_a_served_model_is_ours(
    make_client: MakeClient, ollama: StandIn, default: str
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url, CAI_MODEL=default)

    response = client.post("/api/pull", json={"name": "gpt-oss:120b", "stream": False})

    assert response.json == {"status": "success"}
    assert ollama.requests == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name":1}', b"{}", b'{"name":"a b"}'])
def test_a_pull_of_no_model_is_ours_to_refuse(
    library: FlaskClient, ollama: StandIn, body: bytes
) -> None:
    assert library.post("/api/pull", data=body).status_code == 400
    assert ollama.requests == []


def test_a_push_of_what_ollama_has_is_relayed(
    library: FlaskClient, ollama: StandIn
) -> None:
    relayed = library.post("/api/push", json={"model": "llama3"})
    ours = library.post("/api/push", json={"model": "zz", "stream": False})

    assert relayed.text.splitlines() == PUSH_LINES
    assert ours.status_code == 500


def test_an_empty_answer_stays_empty(library: FlaskClient, ollama: StandIn) -> None:
    response = library.delete("/api/delete", json={"model": "llama3"})

    assert response.status_code == 200
    assert response.data == b""
    assert "Content-Type" not in response.headers
    assert response.headers["Content-Length"] == "0"
    assert ollama.names == ["all-minilm:latest"]


def test_a_deleted_model_is_the_passthroughs_to_miss(
    library: FlaskClient, ollama: StandIn
) -> None:
    library.delete("/api/delete", json={"model": "llama3"})

    response = library.post("/api/chat", json={"model": "llama3", "messages": HELLO})

    assert response.status_code == 404


@pytest.mark.parametrize("sized", [True, False])
def test_an_upload_is_sent_on_whole_and_may_be_larger_than_a_body(
    library: FlaskClient, ollama: StandIn, sized: bool
) -> None:
    library.application.config["MAX_CONTENT_LENGTH"] = 1000
    sent = b"weights" * 100_000
    path = f"/api/blobs/{DIGEST}"
    length = {} if sized else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}

    response = library.post(path, data=sent, environ_overrides=length)

    assert response.status_code == 201
    assert ollama.asked(path)[0].body == sent


def test_an_upload_that_ends_early_is_told_and_not_waited_for(
    library: FlaskClient, ollama: StandIn
) -> None:
    longer = {"CONTENT_LENGTH": "99"}

    answer = library.post(
        f"/api/blobs/{DIGEST}", data=b"weights" * 10, environ_overrides=longer
    )

    assert (answer.status_code, answer.get_json()["error"]) == (400, "unexpected EOF")


def test_a_blob_is_looked_for_where_it_went(
    library: FlaskClient, ollama: StandIn
) -> None:
    library.head(f"/api/blobs/{DIGEST}")

    [asked] = ollama.asked(f"/api/blobs/{DIGEST}")
    assert asked.line.startswith("HEAD ")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/create", {"model": "mine", "from": "llama3", "system": "x"}),
        ("/api/create", {"model": "mine", "files": {"model.gguf": DIGEST}}),
        ("/api/copy", {"source": "llama3", "destination": "mine"}),
    ],
    ids=["create", "create from files", "copy"],
)
def test_a_model_is_made_where_what_it_is_made_of_is(
    library: FlaskClient, ollama: StandIn, path: str, body: dict[str, Any]
) -> None:
    sent = json.dumps(body, indent=2).encode()

    library.post(path, data=sent)

    assert [each.body for each in ollama.asked(path)] == [sent]


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
def test_a_name_that_is_ours_is_not_made_elsewhere(
    library: FlaskClient,
    ollama: StandIn,
    path: str,
    body: dict[str, Any],
    name: str,
    error: str,
) -> None:
    library.post("/api/create", json={"model": "mario", "from": "gpt-oss-120b"})
    filled = {key: value.replace("{}", name) for key, value in body.items()}

    refused = library.post(path, json=filled)

    assert refused.status_code == 400
    assert error in refused.json["error"]
    assert [each.line for each in ollama.requests if path in each.line] == []


def test_our_own_models_come_before_the_passthroughs(
    library: FlaskClient, ollama: StandIn
) -> None:
    library.post("/api/create", json={"model": "llama3", "from": "gpt-oss-120b"})

    listed = [each["name"] for each in library.get("/api/tags").json["models"]]
    shown = library.post("/api/show", json={"model": "llama3"}).json
    deleted = library.delete("/api/delete", json={"model": "llama3"})

    assert listed.count("llama3:latest") == 1
    assert shown["remote_model"] == "gpt-oss-120b"
    assert deleted.status_code == 200
    assert "llama3:latest" in library.get("/api/tags").text
