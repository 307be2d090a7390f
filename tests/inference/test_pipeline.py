"""What a request holds while it is upstream is let go, however it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.inference.services import EXTENSION, Services
from tests.apps import MakeClient
from tests.cerebras import Fake
from tests.conftest import Pair
from tests.stand_in_ollama import StandIn

BUSY = "server busy, please try again.  maximum pending requests exceeded"
Ask = Callable[..., TestResponse]

TIMEOUT_S = 5.0
HELLO = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def narrow(make_client: MakeClient, ollama: StandIn) -> FlaskClient:
    """One request at once, and nobody may wait; but for models of the passthrough."""
    return make_client(
        MAX_UPSTREAM_REQUESTS="1",
        OLLAMA_MAX_QUEUE="0",
        OLLAMA_PASSTHROUGH_URL=ollama.url,
    )


def count_running(client: FlaskClient) -> int:
    """Return how many requests a shutdown would cancel."""
    services: Services = client.application.extensions[EXTENSION]
    return len(services.running)


def watches() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "watch"]


def check_let_go(client: FlaskClient) -> None:
    for watch in watches():
        watch.join(TIMEOUT_S)
    assert not watches()
    assert count_running(client) == 0
    assert client.post("/api/chat", json=HELLO).status_code == 200


@pytest.fixture
def ask(narrow: FlaskClient, pair: Pair) -> Iterator[Ask]:
    def ask(**further: Any) -> TestResponse:
        return narrow.post(
            "/api/chat",
            json={**HELLO, **further},
            environ_overrides={"werkzeug.socket": pair[0]},
            buffered=False,
        )

    yield ask
    check_let_go(narrow)


@pytest.mark.parametrize("stream", [False, True])
def test_after_an_answer(ask: Ask, stream: bool) -> None:
    ask(stream=stream).close()


def test_after_an_answer_of_the_passthrough(ask: Ask) -> None:
    ask(model="llama3").close()


def test_after_a_failure(ask: Ask, fake: Fake) -> None:
    fake.script({"status": 500})

    assert ask().status_code == 502


def test_after_a_refusal(ask: Ask) -> None:
    assert ask(options={"seed": "x"}).status_code == 400


def test_not_before_a_stream_is_closed(
    narrow: FlaskClient, ask: Ask, fake: Fake
) -> None:
    fake.script({"content": "one two three", "hold": "gate", "after": 2})
    stream = ask()

    assert watches()
    assert ask().status_code == 503
    assert count_running(narrow) == 1
    stream.close()


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
    client.application.extensions[EXTENSION].running.cancel_all()

    refused = client.post(path, json={**HELLO, "stream": stream, "max_tokens": 9})

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "the server is stopping, please try again" in refused.text
    assert fake.inference_requests() == []
