"""What a request holds is released however it ends, and checks of capabilities."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.catalogue.metadata import UNKNOWN
from app.catalogue.resolve import Target
from app.errors import InvalidRequest
from app.inference.pipeline import check_capabilities
from app.inference.services import EXTENSION, Services
from app.translate.ollama.generate import OllamaGenerate
from tests.apps import MakeClient
from tests.cerebras import Fake
from tests.conftest import Pair
from tests.fake_ollama import FakeOllama
from tests.inference.calls import make_call

BUSY = "server busy, please try again.  maximum pending requests exceeded"
TIMEOUT_S = 5.0
HELLO = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "hello"}]}
HELD = {"content": "one two three", "hold": "gate", "after": 2}

PLAIN = Target("plain", UNKNOWN)

PostChat = Callable[..., TestResponse]


@pytest.fixture
def client(make_client: MakeClient, ollama: FakeOllama) -> FlaskClient:
    """Return the client of an app with one slot, no queue and a passthrough."""
    return make_client(
        MAX_UPSTREAM_REQUESTS="1",
        OLLAMA_MAX_QUEUE="0",
        OLLAMA_PASSTHROUGH_URL=ollama.url,
    )


@pytest.fixture
def post_chat(client: FlaskClient, pair: Pair) -> Iterator[PostChat]:
    """Return a function that posts a chat; at the end all must be released."""

    def post(**fields: Any) -> TestResponse:
        return client.post(
            "/api/chat",
            json={**HELLO, **fields},
            environ_overrides={"werkzeug.socket": pair[0]},
            buffered=False,
        )

    yield post
    for thread in watch_threads():
        thread.join(TIMEOUT_S)
    assert not watch_threads()
    assert count_running(client) == 0
    assert client.post("/api/chat", json=HELLO).status_code == 200


def count_running(client: FlaskClient) -> int:
    """Return how many requests a shutdown would cancel."""
    services: Services = client.application.extensions[EXTENSION]
    return len(services.running)


def watch_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "watch"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({"model": "llama3"}, 200),
        ({"think": "ultra"}, 400),
        ({"model": "zz"}, 404),
        ({"options": {"seed": "x"}}, 400),
    ],
    ids=["answer", "passthrough", "bad think", "unknown model", "bad option"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_finished_request_releases_everything(
    post_chat: PostChat, stream: bool, fields: dict[str, Any], status: int
) -> None:
    response = post_chat(stream=stream, **fields)

    assert response.status_code == status
    response.close()


def test_failed_request_releases_everything(post_chat: PostChat, fake: Fake) -> None:
    fake.script({"status": 500})

    assert post_chat().status_code == 502


def test_stream_holds_everything_until_it_is_closed(
    client: FlaskClient, post_chat: PostChat, fake: Fake
) -> None:
    fake.script(HELD)
    stream = post_chat()

    native = post_chat()
    openai = client.post("/v1/chat/completions", json=HELLO)

    assert watch_threads()
    assert count_running(client) == 1
    assert (native.status_code, native.json) == (503, {"error": BUSY})
    assert openai.status_code == 503
    assert openai.get_json()["error"]["message"] == BUSY
    stream.close()


def test_other_requests_need_no_slot(
    client: FlaskClient, post_chat: PostChat, fake: Fake
) -> None:
    fake.script(HELD)
    stream = post_chat()

    for path in ("/", "/api/tags", "/api/ps", "/api/version", "/v1/models"):
        assert client.get(path).status_code == 200
    shown = client.post("/api/show", json={"model": "gpt-oss-120b"}, buffered=True)
    assert shown.status_code == 200
    stream.close()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/messages"])
def test_request_during_shutdown_is_503_with_retry_after(
    make_client: MakeClient, fake: Fake, path: str, stream: bool
) -> None:
    client = make_client()
    client.application.extensions[EXTENSION].running.cancel_all()

    response = client.post(path, json={**HELLO, "stream": stream, "max_tokens": 9})

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "the server is stopping, please try again" in response.text
    assert fake.inference_requests() == []


def test_raw_is_checked_before_think_and_think_before_tools(app: Flask) -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    body = {"tools": tools, "suffix": "x", "think": True}
    refusals = []

    for fields in ({}, {"raw": True, "system": "s"}):
        call = make_call(app, PLAIN, {**body, **fields}, dialect=OllamaGenerate())
        with pytest.raises(InvalidRequest) as caught:
            check_capabilities(call)
        refusals.append(caught.value.message)

    assert refusals == [
        '"plain" does not support thinking',
        "raw mode does not support template, system, or context",
    ]
