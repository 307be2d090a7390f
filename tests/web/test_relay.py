"""A dialect's events on their way to the client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from flask import Flask

from app.errors import Cancelled, UpstreamError
from app.translate.dialect import Event, LastEvents, StreamFormat
from app.translate.ollama.dialect import DIALECT as NATIVE
from app.translate.openai.dialect import DIALECT as OPENAI
from app.upstream.running import stopping
from app.web import record
from app.web.relay import relay

CUT = UpstreamError("Cerebras' answer was cut short")


@pytest.fixture(autouse=True)
def _asked(app: Flask) -> Iterator[None]:
    """Some request is being answered."""
    with app.test_request_context():
        record.begin()
        yield


def writes(
    batches: Iterable[list[Event]], dialect: StreamFormat = NATIVE
) -> list[bytes]:
    """What is handed to the server, write by write."""
    response = relay(batches, dialect, lambda: None)
    frames = list(response.response)
    response.close()
    return frames


def failing(error: Exception) -> Iterator[list[Event]]:
    yield [{"n": 1}]
    raise error


def test_one_batch_is_one_write() -> None:
    batches: list[list[Event]] = [[{"n": 1}, b"raw\n", {"n": 2}], [{"n": 3}]]

    assert writes(batches) == [b'{"n":1}\nraw\n{"n":2}\n', b'{"n":3}\n']


def test_an_empty_batch_writes_nothing() -> None:
    """A blank line would break clients, and an empty write ends a chunked body."""
    assert writes([[], [{"n": 1}], []]) == [b'{"n":1}\n']


@pytest.mark.parametrize(
    ("dialect", "last"),
    [
        (NATIVE, b'{"error":"Cerebras\' answer was cut short"}\n'),
        (
            OPENAI,
            b'data: {"error":{"message":"Cerebras\' answer was cut short",'
            b'"type":"api_error","param":null,"code":null}}\n\n',
        ),
    ],
    ids=["native", "openai"],
)
def test_a_failure_is_the_dialects_own_last_event(
    dialect: StreamFormat, last: bytes
) -> None:
    assert writes(failing(CUT), dialect)[1:] == [last]


def test_a_fault_of_ours_tells_nothing_of_itself(
    app_log: pytest.LogCaptureFixture,
) -> None:
    assert writes(failing(ZeroDivisionError("secret")))[1:] == [
        b'{"error":"internal server error"}\n'
    ]
    assert app_log.messages == ["a stream failed"]


@pytest.mark.parametrize("error", [CUT, stopping(), ZeroDivisionError()], ids=repr)
def test_nothing_follows_the_last_events(
    app_log: pytest.LogCaptureFixture, error: Exception
) -> None:
    def ending() -> Iterator[list[Event]]:
        yield [{"n": 1}]
        yield LastEvents([{"n": 2}])
        raise error

    told = writes(ending())

    assert told == [b'{"n":1}\n', b'{"n":2}\n']
    assert len(app_log.messages) == isinstance(error, ZeroDivisionError)


def test_upstream_is_read_to_its_end_after_the_client_has_the_whole_reply() -> None:
    read: list[str] = []

    def ending() -> Iterator[list[Event]]:
        yield LastEvents([{"n": 1}])
        read.append("usage and [DONE]")
        yield []

    response = relay(ending(), NATIVE, lambda: read.append("closed"))

    assert list(response.response) == [b'{"n":1}\n']
    assert read == []
    response.close()
    assert read == ["usage and [DONE]", "closed"]


def test_a_client_that_leaves_with_its_whole_answer_ends_nothing() -> None:
    def ending() -> Iterator[list[Event]]:
        yield LastEvents([{"n": 1}])
        record.current().cancel.raise_if_cancelled()

    response = relay(ending(), NATIVE, lambda: None)
    frames = iter(response.response)
    next(frames)
    record.current().cancel.cancel()

    assert list(frames) == []
    response.close()
    assert record.current().whole
    assert not record.current().cancel.cancelled


def test_nobody_is_told_when_the_client_has_left() -> None:
    assert len(writes(failing(Cancelled("the client has left")))) == 1


def test_the_end_of_the_server_is_told_to_whoever_still_reads() -> None:
    assert writes(failing(stopping()))[1:] == [
        b'{"error":"the server is stopping, please try again"}\n'
    ]


@pytest.mark.parametrize(
    ("dialect", "content_type"),
    [(NATIVE, "application/x-ndjson"), (OPENAI, "text/event-stream")],
    ids=["native", "openai"],
)
def test_the_headers_are_the_dialects_and_ask_for_no_buffering(
    dialect: StreamFormat, content_type: str
) -> None:
    response = relay([], dialect, lambda: None)

    assert response.headers["Content-Type"] == content_type
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize("lines_read", [0, 1, 2])
def test_what_feeds_the_stream_is_closed_once_wherever_reading_ends(
    lines_read: int,
) -> None:
    closed: list[str] = []
    app = Flask(__name__)
    batches: list[Any] = [[{"n": 1}], [{"n": 2}]]
    app.add_url_rule(
        "/", view_func=lambda: relay(batches, NATIVE, lambda: closed.append("now"))
    )

    answer = app.test_client().get("/", buffered=False)
    lines = iter(answer.response)
    for _ in range(lines_read):
        next(lines)
    answer.close()

    assert closed == ["now"]
