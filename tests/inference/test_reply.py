"""A dialect's events on their way to the client."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from flask import Flask

from app.catalogue.metadata import TABLE
from app.catalogue.resolve import Target
from app.errors import Cancelled, UpstreamError
from app.http.responses import NATIVE, OPENAI
from app.http1.client import Response
from app.inference.record import RequestRecord
from app.inference.reply import (
    events_reply,
    new_id,
    relay_reply,
    reply_context,
    stream_reply,
)
from app.inference.sending import ChunkBatches
from app.translate.dialect import Dialect, Event, EventStream
from tests.cerebras import Fake
from tests.inference.calls import make_call
from tests.references import reachable_texts

CUT_SHORT = UpstreamError("Cerebras' answer was cut short")


def make_record() -> RequestRecord:
    return RequestRecord(id="r", method="POST", route="/api/chat")


def read_writes(
    batches: Iterable[list[Event]],
    dialect: Dialect = NATIVE,
    record: RequestRecord | None = None,
) -> list[bytes]:
    """Return what is handed to the server, write by write."""
    events = EventStream(batches, dialect.error)
    body = events_reply(events, dialect, record or make_record()).body
    assert not isinstance(body, bytes)
    return list(body)


def fail_after_one_event(error: Exception) -> Iterator[list[Event]]:
    yield [{"n": 1}]
    raise error


def test_one_batch_is_one_write() -> None:
    batches: list[list[Event]] = [[{"n": 1}, b"raw\n", {"n": 2}], [{"n": 3}]]

    assert read_writes(batches) == [b'{"n":1}\nraw\n{"n":2}\n', b'{"n":3}\n']


def test_empty_batch_writes_nothing() -> None:
    """A blank line would break clients, and an empty write ends a chunked body."""
    assert read_writes([[], [{"n": 1}], []]) == [b'{"n":1}\n']


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
def test_error_is_the_last_event_of_the_dialect(dialect: Dialect, last: bytes) -> None:
    record = make_record()

    writes = read_writes(fail_after_one_event(CUT_SHORT), dialect, record)

    assert writes[1:] == [last]
    assert not record.complete
    assert record.failure == "upstream_error"


def test_unexpected_error_is_logged_and_its_text_is_not_sent(
    app_log: pytest.LogCaptureFixture,
) -> None:
    assert read_writes(fail_after_one_event(ZeroDivisionError("secret")))[1:] == [
        b'{"error":"internal server error"}\n'
    ]
    assert app_log.messages == ["a stream failed"]


def test_nothing_is_written_after_the_client_disconnected() -> None:
    record = make_record()

    writes = read_writes(fail_after_one_event(Cancelled("gone")), record=record)

    assert len(writes) == 1
    assert not record.complete


def test_finished_stream_is_complete() -> None:
    record = make_record()

    read_writes([[{"n": 1}]], record=record)

    assert record.complete


class Pieces:
    """The body of a response: what each read returns."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = deque(pieces)

    @property
    def ended(self) -> bool:
        return not self._pieces

    def read(self, wait_s: float) -> bytes:
        return self._pieces.popleft()

    def close(self) -> None:
        pass


def test_read_without_payload_is_not_relayed(app: Flask) -> None:
    body: Any = Pieces(b"a", b"", b"b")

    reply = relay_reply(make_call(app), Response(200, {}, [], body))

    assert list(reply.body) == [b"a", b"b"]


@pytest.mark.parametrize(
    ("dialect", "content_type"),
    [(NATIVE, "application/x-ndjson"), (OPENAI, "text/event-stream")],
    ids=["native", "openai"],
)
def test_stream_has_mimetype_of_dialect_and_is_not_buffered(
    dialect: Dialect, content_type: str
) -> None:
    reply = events_reply(EventStream([], dialect.error), dialect, make_record())

    assert reply.content_type == content_type
    assert ("X-Accel-Buffering", "no") in reply.headers


def test_ids_are_eight_letters_and_digits() -> None:
    ids = {new_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(re.fullmatch(r"[a-z0-9]{8}", one) for one in ids)


def test_reply_context_describes_the_request(app: Flask, fake: Fake) -> None:
    target = Target("GPT", TABLE["gpt-oss-120b"])
    call = make_call(app, target, {"think": False}, body_bytes=400)
    call.record.model = "gpt-oss-120b"

    context = reply_context(call, {"messages": []})

    assert context.name == "GPT"
    assert context.started_ns == call.record.started_ns
    assert context.remote == {
        "remote_model": "gpt-oss-120b",
        "remote_host": fake.url,
    }
    assert context.prompt_tokens == 101
    assert context.thinking is False
    assert context.request == {}


def test_open_stream_does_not_keep_the_request(app: Flask) -> None:
    """A long conversation would use memory for as long as its reply lasts."""
    text = "only in this request"
    messages = [{"role": "user", "content": text}]
    call = make_call(app, Target("GPT", TABLE["gpt-oss-120b"]), {"messages": messages})
    call.document = {"messages": messages}

    reply = stream_reply(call, {"messages": messages}, ChunkBatches([[]]))

    assert not isinstance(reply.body, bytes)
    assert text not in reachable_texts([reply.body, call])
