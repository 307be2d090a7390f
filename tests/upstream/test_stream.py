"""The batches of a streamed response, its end and its errors."""

import threading
import weakref
from time import monotonic
from typing import Any

import pytest

from app.errors import (
    RateLimited,
    RequestRefused,
    UpstreamError,
    UpstreamTimeout,
)
from app.upstream.stream import DRAIN_S
from tests.scripted_server import (
    EMPTY,
    END,
    FINISH,
    ROLE,
    STREAM,
    USAGE,
    Peer,
    chunk,
    chunks,
    event,
    head,
    streamed,
    text_chunk,
)
from tests.upstream.conftest import Open, text_of, text_of_batch

IN_STREAM_ERROR = {
    "status_code": 500,
    "error": {"message": "Encountered a server error, please try again."},
}


def test_events_of_one_read_are_one_batch(open_stream: Open) -> None:
    stream = open_stream(streamed(text_chunk("a"), text_chunk("b"), FINISH))

    batches = list(stream)

    assert [len(batch) for batch in batches] == [3]
    assert text_of_batch(batches[0]) == "ab"


@pytest.mark.parametrize("framing", ["chunked", "sized", "closed"])
def test_batches_are_not_delayed_by_any_framing(
    open_stream: Open, framing: str
) -> None:
    taken = threading.Event()
    first, last = (
        event(text_chunk("a")),
        event(text_chunk("b")) + event(FINISH) + event(b"[DONE]"),
    )
    heads = {
        "chunked": STREAM,
        "sized": head(content_length=str(len(first + last))),
        "closed": head(connection="close"),
    }

    def script(peer: Peer) -> None:
        framed = chunk if framing == "chunked" else bytes
        peer.send(heads[framing], framed(first))
        assert taken.wait(5)
        peer.send(framed(last), b"0\r\n\r\n" if framing == "chunked" else b"")
        if framing == "closed":
            peer.close()

    stream = open_stream(script)

    assert text_of_batch(next(stream)) == "a"
    taken.set()
    assert text_of(stream) == "b"


def test_empty_deltas_are_dropped(open_stream: Open) -> None:
    stream = open_stream(
        streamed(ROLE, text_chunk(""), EMPTY, text_chunk("a"), EMPTY, FINISH, USAGE)
    )

    batches = list(stream)

    assert [len(batch) for batch in batches] == [3]
    assert batches[0][2].usage


def test_role_alone_is_no_first_batch(open_stream: Open) -> None:
    stream = open_stream(STREAM + chunks(ROLE), idle_timeout_s=9, silence_s=0.1)

    assert next(stream) == []
    stream.close()


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"reasoning": "x"},
        {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]},
    ],
    ids=["text", "reasoning", "tool call"],
)
def test_content_is_a_first_batch(open_stream: Open, delta: dict[str, Any]) -> None:
    stream = open_stream(STREAM + chunks(ROLE, {"choices": [{"delta": delta}]}))

    assert len(next(stream)) == 1
    stream.close()


def test_silence_yields_empty_batches(open_stream: Open) -> None:
    silent = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(text_chunk("a")))
        assert silent.wait(5)
        peer.send(chunks(FINISH), END)

    stream = open_stream(script, silence_s=0.05)

    assert text_of_batch(next(stream)) == "a"
    assert [next(stream), next(stream)] == [[], []]
    silent.set()
    assert [batch for batch in stream if batch][0][0].choices


def test_comments_count_as_silence(open_stream: Open) -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(text_chunk("a")))
        while not left.wait(0.01):
            peer.send(chunk(b": still here\n\n"))

    stream = open_stream(script, silence_s=0.2, idle_timeout_s=5)

    assert text_of_batch(next(stream)) == "a"
    assert next(stream) == []
    left.set()
    stream.close()


def test_long_silence_raises_timeout(open_stream: Open) -> None:
    stream = open_stream(
        STREAM + chunks(text_chunk("a")),
        silence_s=0.05,
        idle_timeout_s=0.12,
        retry_wait_s=20,
    )

    assert text_of_batch(next(stream)) == "a"
    with pytest.raises(UpstreamTimeout):
        assert list(stream) == [[], []]


@pytest.mark.parametrize(
    "body",
    [
        STREAM + chunks(text_chunk("a"), FINISH) + b"0\r\n\r\n",
        STREAM + chunks(text_chunk("a"), FINISH),
        STREAM + chunks(text_chunk("a"), FINISH) + b"5\r\nda",
        head() + event(text_chunk("a")) + event(FINISH),
        head(content_length="9999") + event(text_chunk("a")) + event(FINISH),
        STREAM + chunks(text_chunk("a"), FINISH, IN_STREAM_ERROR) + END,
    ],
    ids=["no [DONE]", "no end", "cut", "closed", "shorter than told", "an error"],
)
def test_any_end_after_the_finish_reason_is_accepted(
    open_stream: Open, body: bytes
) -> None:
    def script(peer: Peer) -> None:
        peer.send(body)
        peer.close()

    assert text_of(open_stream(script)) == "a"


@pytest.mark.usefixtures("uncollected")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_stream_with_a_pending_error_is_freed_without_gc(
    open_stream: Open,
) -> None:
    stream = open_stream(STREAM + chunks(text_chunk("a"), IN_STREAM_ERROR))
    assert text_of_batch(next(stream)) == "a"
    reference = weakref.ref(stream)

    del stream

    assert reference() is None


def test_missing_end_is_waited_for_briefly(open_stream: Open) -> None:
    stream = open_stream(STREAM + chunks(text_chunk("a"), FINISH))
    begun = monotonic()

    assert text_of(stream) == "a"
    assert monotonic() - begun < DRAIN_S + 1


def test_usage_after_the_finish_reason_is_yielded(open_stream: Open) -> None:
    taken = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(text_chunk("a"), FINISH))
        assert taken.wait(5)
        peer.send(chunks(USAGE), END)

    stream = open_stream(script)

    assert text_of_batch(next(stream)) == "a"
    taken.set()
    assert next(stream)[0].usage
    assert list(stream) == []


@pytest.mark.parametrize(
    ("status", "error"), [(400, RequestRefused), (429, RateLimited)], ids=str
)
def test_error_event_follows_its_batch_and_has_its_own_status(
    open_stream: Open, status: int, error: type[UpstreamError]
) -> None:
    failing = {"status_code": status, "error": {"message": "because"}}
    stream = open_stream(streamed(text_chunk("a"), text_chunk("b"), failing))

    assert text_of_batch(next(stream)) == "ab"
    with pytest.raises(error, match="because"):
        next(stream)


GARBAGE = {
    "HTML": b"<html>secret</html>",
    "cut JSON": b'{"choices": [{"del',
    "no object": b"[]",
    "a wrong type": b'{"choices": "secret"}',
    "a wrong type inside": b'{"choices": [{"delta": {"content": 7}}]}',
    "no UTF-8": b'{"choices": [{"delta": {"content": "\xff\xfe"}}]}',
    "a depth without end": b'{"error": ' + b"[" * 100_000,
}


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_undecodable_event_is_an_error_without_its_text(
    open_stream: Open, garbage: bytes
) -> None:
    stream = open_stream(streamed(text_chunk("a"), garbage, FINISH))

    assert text_of_batch(next(stream)) == "a"
    with pytest.raises(UpstreamError) as caught:
        next(stream)
    assert caught.value.message == "Cerebras sent something unintelligible"
