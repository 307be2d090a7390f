"""What changes a library is done by whose model it is."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.schemas.ollama import ShowRequest
from app.web.passthrough import relay_upload_to_passthrough, relayable
from tests.apps import MakeClient
from tests.stand_in_ollama import DIGEST, PULL_LINES, PUSH_LINES, StandIn

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def library(make_client: MakeClient, ollama: StandIn) -> FlaskClient:
    """With routes made of the parts that others are made of."""
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)
    client.application.add_url_rule(
        "/api/delete",
        endpoint="delete",
        view_func=relayable(ShowRequest())(lambda body: "ours"),
        methods=["DELETE"],
    )
    client.application.add_url_rule(
        "/api/blobs/<digest>",
        endpoint="blobs",
        view_func=lambda digest: relay_upload_to_passthrough(),
        methods=["POST"],
    )
    return client


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
