"""The client against the stand-in for Cerebras: what the real one is known to do."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from app.errors import (
    Cancelled,
    KeyRefused,
    ModelGone,
    PaymentRequired,
    RateLimited,
    RequestRefused,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
)
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from app.upstream.stream import ChunkStream
from tests.cerebras import Fake
from tests.upstream.conftest import Connect

WORDS = "é😀語 words and more words " * 20
REQUEST: dict[str, Any] = {
    "model": "qwen-3.8-27b",
    "messages": [{"role": "user", "content": "hello"}],
}


@pytest.fixture
def client(fake: Fake, connect: Connect) -> Cerebras:
    return connect(fake.base_url, api_keys=(fake.key,), idle_timeout_s=2)


def text_of(stream: ChunkStream) -> str:
    chosen = [
        choice.delta
        for batch in stream
        for chunk in batch
        for choice in chunk.choices or ()
    ]
    return "".join([delta.content or "" for delta in chosen if delta])


def hear(client: Cerebras) -> str:
    return text_of(client.stream(REQUEST, CancelToken()))


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"events_per_chunk": 5, "events_per_write": 7},
        {"write_sizes": [1, 2, 3, 5, 7, 11, 13], "write_pause": 0},
        {"chunk_sizes": [1, 4, 2], "extras": ["comments", "crlf", "tight_data"]},
        {"extras": ["empty_deltas", "no_role", "usage_chunk"]},
        {"extras": ["finish_with_content"], "omit": ["usage", "time_info", "done"]},
        {"framing": "close"},
    ],
    ids=str,
)
def test_the_words_are_the_same_in_every_shape(
    fake: Fake, client: Cerebras, shape: dict[str, Any]
) -> None:
    fake.script({"content": WORDS, **shape}, times=2)

    reply = client.complete(REQUEST, CancelToken())

    assert reply.choices and reply.choices[0].message
    assert reply.choices[0].message.content == WORDS
    assert hear(client) == WORDS


def test_streams_in_a_row_share_a_connection(fake: Fake, client: Cerebras) -> None:
    for _ in range(20):
        assert hear(client)

    assert len({record["connection"] for record in fake.requests()}) == 1


@pytest.mark.parametrize("connection", ["close_silently", "close_on_next"])
def test_a_stale_connection_is_no_failure(
    fake: Fake, client: Cerebras, connection: str
) -> None:
    fake.script({"content": "a", "connection": connection})

    assert [hear(client), bool(hear(client))] == ["a", True]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"status": 400}, RequestRefused),
        ({"status": 401}, KeyRefused),
        ({"status": 402}, PaymentRequired),
        ({"status": 403}, KeyRefused),
        ({"status": 429}, RateLimited),
        ({"status": 500}, UpstreamError),
        ({"status": 503}, UpstreamBusy),
        ({"status": 503, "body": "<html>busy</html>"}, UpstreamBusy),
        ({"fault": "in_stream_error"}, UpstreamError),
        ({"fault": "cut"}, UpstreamError),
        ({"fault": "reset"}, UpstreamError),
        ({"fault": "garbage"}, UpstreamError),
        ({"fault": "end"}, UpstreamError),
        ({"fault": "stall"}, UpstreamTimeout),
        ({"fault": "garbage", "after": 0}, UpstreamError),
        ({"omit": ["finish_reason"], "content": ""}, UpstreamError),
    ],
    ids=str,
)
def test_a_failure_before_the_first_event_has_its_class(
    fake: Fake, client: Cerebras, script: dict[str, Any], error: type[UpstreamError]
) -> None:
    client.idle_timeout_s = 0.2
    fake.script(script, times=9)

    with pytest.raises(UpstreamError) as caught:
        hear(client)

    assert type(caught.value) is error


@pytest.mark.parametrize("fault", ["in_stream_error", "cut", "reset", "garbage", "end"])
def test_a_failure_in_the_middle_is_an_error_and_not_tried_again(
    fake: Fake, connect: Connect, fault: str
) -> None:
    client = connect(fake.base_url, api_keys=(fake.key,), retry_wait_s=9)
    fake.script({"content": WORDS, "fault": fault, "after": 5, "hold": "heard"})
    stream = client.stream(REQUEST, CancelToken())

    assert next(stream)
    fake.release("heard")
    with pytest.raises(UpstreamError):
        list(stream)
    assert len(fake.requests()) == 1


def test_an_unknown_model_is_gone(client: Cerebras) -> None:
    with pytest.raises(ModelGone):
        client.complete({**REQUEST, "model": "llama3.1-8b"}, CancelToken())


def test_a_wrong_key_is_refused(fake: Fake, connect: Connect) -> None:
    with pytest.raises(KeyRefused):
        hear(connect(fake.base_url, api_keys=("csk-wrong",)))


@pytest.mark.parametrize("script", [{"status": 503}, {"fault": "in_stream_error"}])
def test_what_passes_is_tried_again(
    fake: Fake, connect: Connect, script: dict[str, Any]
) -> None:
    client = connect(fake.base_url, api_keys=(fake.key,), retry_wait_s=9)
    fake.script({"headers": {"retry-after": "0.01"}, **script})

    assert hear(client)
    assert len(fake.requests()) == 2


@pytest.mark.parametrize("place", [{}, {"after": 3}], ids=["first byte", "middle"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_client_that_leaves_ends_its_request(
    fake: Fake, client: Cerebras, place: dict[str, int], whole: bool
) -> None:
    fake.script({"content": WORDS, "fault": "stall", **place})
    cancel = CancelToken()
    left: list[float] = []

    def leave() -> None:
        fake.requests(at_least=1)
        left.append(time.time())
        cancel.cancel()

    threading.Thread(target=leave).start()
    with pytest.raises(Cancelled):
        if whole:
            client.complete(REQUEST, cancel)
        list(client.stream(REQUEST, cancel))

    assert fake.wait_for_disconnect(fake.requests()[0]["id"]) - left[0] < 0.1


def test_the_lists_of_models_are_read(client: Cerebras) -> None:
    ids = client.models()

    assert "gpt-oss-120b" in ids
    assert sorted(each["id"] for each in client.public_models()) == sorted(ids)
