"""What stands before every inference view."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.catalogue.metadata import TABLE
from app.catalogue.resolve import Target
from app.services import EXTENSION
from app.web import record
from app.web.inference import exchange_with, new_id
from tests.apps import MakeClient
from tests.cerebras import Fake

BUSY = "server busy, please try again.  maximum pending requests exceeded"
HELLO = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "hello"}],
    "stream": False,
}


@pytest.fixture
def narrow(make_client: MakeClient) -> FlaskClient:
    """One request at once, and nobody may wait."""
    return make_client(MAX_UPSTREAM_REQUESTS="1", OLLAMA_MAX_QUEUE="0")


def test_ids_are_eight_letters_and_digits() -> None:
    ids = {new_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(re.fullmatch(r"[a-z0-9]{8}", one) for one in ids)


def test_an_exchange_knows_the_request(app: Flask, fake: Fake) -> None:
    with app.test_request_context():
        asked = record.begin()
        asked.body_bytes = 400
        asked.model = "gpt-oss-120b"
        exchange = exchange_with(Target("GPT", TABLE["gpt-oss-120b"]), thinking=False)

        assert exchange.name == "GPT"
        assert exchange.started_ns == asked.began_ns
        assert exchange.remote == {
            "remote_model": "gpt-oss-120b",
            "remote_host": fake.url,
        }
        assert exchange.prompt_tokens == 101
        assert exchange.thinking is False


@pytest.mark.parametrize(
    "more",
    [{}, {"think": "ultra"}, {"model": "zz"}, {"options": {"seed": "x"}}],
    ids=str,
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_request_leaves_room_for_the_next_however_it_ends(
    narrow: FlaskClient, stream: bool, more: dict[str, Any]
) -> None:
    narrow.post("/api/chat", json={**HELLO, "stream": stream, **more}).close()

    assert narrow.post("/api/chat", json=HELLO).status_code == 200


def test_a_failed_request_leaves_room_for_the_next(
    narrow: FlaskClient, fake: Fake
) -> None:
    fake.script({"status": 500})

    assert narrow.post("/api/chat", json=HELLO).status_code == 502
    assert narrow.post("/api/chat", json=HELLO).status_code == 200


def test_a_stream_holds_its_place_until_it_is_closed(
    narrow: FlaskClient, fake: Fake
) -> None:
    fake.script({"content": "one two three", "hold": "gate", "after": 2})
    stream = narrow.post("/api/chat", json={**HELLO, "stream": True}, buffered=False)

    native = narrow.post("/api/chat", json=HELLO)
    openai = narrow.post("/v1/chat/completions", json=HELLO)
    stream.close()
    after = narrow.post("/api/chat", json=HELLO)

    assert (native.status_code, native.json) == (503, {"error": BUSY})
    assert openai.status_code == 503
    assert openai.get_json()["error"]["message"] == BUSY
    assert after.status_code == 200


def test_what_is_no_inference_never_waits(narrow: FlaskClient, fake: Fake) -> None:
    fake.script({"content": "one two three", "hold": "gate", "after": 2})
    stream = narrow.post("/api/chat", json={**HELLO, "stream": True}, buffered=False)

    for path in ("/", "/api/tags", "/api/ps", "/api/version", "/v1/models"):
        assert narrow.get(path).status_code == 200
    assert narrow.post("/api/show", json={"model": "gpt-oss-120b"}).status_code == 200
    stream.close()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/messages"])
def test_whoever_is_not_answered_by_the_end_is_told_to_try_again(
    make_client: MakeClient, fake: Fake, path: str, stream: bool
) -> None:
    client = make_client()
    client.application.extensions[EXTENSION].running.end()

    refused = client.post(path, json={**HELLO, "stream": stream, "max_tokens": 9})

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "the server is stopping, please try again" in refused.text
    assert fake.inference_requests() == []
