"""What a request holds is released however it ends, and checks of capabilities."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.catalogue.metadata import TABLE, UNKNOWN
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

TOOLS = [{"type": "function", "function": {"name": "f"}}]
RAW = "raw mode does not support template, system, or context"
PLAIN = Target("plain", UNKNOWN)

PostChat = Callable[..., TestResponse]
Check = Callable[..., None]
GetRefusal = Callable[..., str]


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


@pytest.fixture
def check(app: Flask) -> Check:
    """Return a function that checks a native request."""

    def check(body: dict[str, Any], target: Target = PLAIN) -> None:
        check_capabilities(make_call(app, target, body, dialect=OllamaGenerate()))

    return check


@pytest.fixture
def get_refusal(check: Check) -> Callable[..., str]:
    """Return a function that returns the error text for a native request."""

    def get_refusal(body: dict[str, Any], target: Target = PLAIN) -> str:
        with pytest.raises(InvalidRequest) as caught:
            check(body, target)
        return caught.value.message

    return get_refusal


@pytest.mark.parametrize(
    "body", [{}, {"think": False}, {"tools": []}, {"suffix": ""}, {"raw": True}]
)
def test_empty_fields_need_no_capability(check: Check, body: dict[str, Any]) -> None:
    check(body, PLAIN)


@pytest.mark.parametrize(
    ("name", "full_name"),
    [
        ("m", "registry.ollama.ai/library/m:latest"),
        ("m:7b", "registry.ollama.ai/library/m:7b"),
        ("me/m", "registry.ollama.ai/me/m:latest"),
        ("m:7b-cloud", "registry.ollama.ai/library/m:7b"),
        ("host.example/me/m:x", "host.example/me/m:x"),
    ],
)
def test_refusal_of_tools_and_insert_has_the_full_name(
    get_refusal: GetRefusal, name: str, full_name: str
) -> None:
    bare = Target(name, replace(UNKNOWN, capabilities=("completion",)))

    assert get_refusal({"tools": TOOLS}, bare) == f"{full_name} does not support tools"
    assert get_refusal({"suffix": "x"}, bare) == f"{full_name} does not support insert"


def test_raw_is_checked_before_think_and_think_before_tools(
    get_refusal: GetRefusal,
) -> None:
    body = {"tools": TOOLS, "suffix": "x", "think": True}

    assert get_refusal(body).endswith("does not support thinking")
    assert get_refusal({**body, "raw": True, "system": "s"}) == RAW


@pytest.mark.parametrize(
    "more", [{"template": "t"}, {"system": "s"}, {"context": [1]}], ids=str
)
def test_raw_excludes_template_system_and_context(
    get_refusal: GetRefusal, check: Check, more: dict[str, Any]
) -> None:
    assert get_refusal({"raw": True, **more}) == RAW
    check({"raw": False, **more}, PLAIN)
    check({"raw": True, **dict.fromkeys(more)}, PLAIN)


@pytest.mark.parametrize("name", TABLE)
def test_known_models_think_and_take_tools(check: Check, name: str) -> None:
    check({"think": "max", "tools": TOOLS}, Target(name, TABLE[name]))
