"""What a request holds while it is upstream is let go, however it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.services import EXTENSION, Services
from tests.apps import MakeClient
from tests.cerebras import Fake
from tests.conftest import Pair
from tests.stand_in_ollama import StandIn

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


def upstream(client: FlaskClient) -> int:
    """How many requests are."""
    found: Services = client.application.extensions[EXTENSION]
    return len(found.running._cancels)


def watches() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "watch"]


def check_let_go(client: FlaskClient) -> None:
    for watch in watches():
        watch.join(TIMEOUT_S)
    assert not watches()
    assert upstream(client) == 0
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
    assert upstream(narrow) == 1
    stream.close()
