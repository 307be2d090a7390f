"""Heads are read whole, wherever they are cut; what is none is not read, nor sent."""

from __future__ import annotations

from collections.abc import Callable
from http.client import RemoteDisconnected

import pytest

from app.http1.head import (
    MAX_BYTES,
    MOST_HEADS,
    Head,
    NotHTTP,
    NotSendable,
    parse,
    receive,
    spell,
)

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: 1\r\nx-a:\t2 \r\n\r\n"
READ = Head(
    200,
    [("Content-Type", "text/plain"), ("X-A", "1"), ("x-a", "2")],
    {"content-type": "text/plain", "x-a": "1, 2"},
    stays=True,
)


def brought(*pieces: bytes) -> Callable[[], bytes]:
    """Reads that bring these, and then the end."""
    left = iter(pieces)
    return lambda: next(left, b"")


def test_a_request_is_spelled() -> None:
    head = spell("POST", "/v1/chat?a=b", {"Host": "h:1", "X-A": "\xe4 b"})

    assert head == b"POST /v1/chat?a=b HTTP/1.1\r\nHost: h:1\r\nX-A: \xe4 b\r\n"


@pytest.mark.parametrize(
    ("method", "target", "name", "value"),
    [
        ("GET /x HTTP/1.1\r\nA: b\r\n\r\nGET", "/", "A", "b"),
        ("GET", "/ HTTP/1.1\r\nB: c\r\n\r\n", "A", "b"),
        ("GET", "/a b", "A", "b"),
        ("GET", "/", "A", "b\r\nC: d"),
        ("GET", "/", "A", "b\nC: d"),
        ("GET", "/", "A", "b\0"),
        ("GET", "/", "A: b\r\nC", "d"),
        ("GET", "/", "", "b"),
        ("GET", "/", "A b", "c"),
    ],
)
def test_nothing_in_a_request_can_begin_another_line(
    method: str, target: str, name: str, value: str
) -> None:
    with pytest.raises(NotSendable):
        spell(method, target, {name: value})


@pytest.mark.parametrize("body", [b"", b"abc", ANSWER])
def test_a_head_is_read_wherever_it_is_cut(body: bytes) -> None:
    whole = ANSWER + body
    for at in range(1, len(ANSWER) + 1):
        head, rest = receive(brought(whole[:at], whole[at:]))

        assert head == READ
        assert body.startswith(rest)


def test_what_is_told_beforehand_is_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"

    assert receive(brought(early + ANSWER + b"abc")) == (READ, b"abc")
    assert receive(brought(early, ANSWER)) == (READ, b"")


def test_nobody_tells_something_beforehand_for_ever() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\n"

    with pytest.raises(NotHTTP):
        receive(lambda: early)
    assert receive(brought(early * (MOST_HEADS - 1) + ANSWER)) == (READ, b"")
    with pytest.raises(NotHTTP):
        receive(brought(early * MOST_HEADS + ANSWER))


def test_an_answer_in_another_protocol_is_none() -> None:
    with pytest.raises(NotHTTP):
        receive(brought(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ANSWER))


def test_an_end_before_the_beginning_is_no_answer() -> None:
    with pytest.raises(RemoteDisconnected):
        receive(brought())


@pytest.mark.parametrize("at", [1, 8, 17, 30, len(ANSWER) - 1])
def test_an_end_in_the_middle_is_no_head(at: int) -> None:
    with pytest.raises(OSError, match="cut short"):
        receive(brought(ANSWER[:at]))


def test_a_head_without_an_end_is_not_read_for_ever() -> None:
    with pytest.raises(NotHTTP):
        receive(lambda: b"HTTP/1.1 200 OK\r\nA: " + b"a" * 1000)
    reads = MAX_BYTES // 1000 + 1
    with pytest.raises(NotHTTP):
        receive(brought(*[b"a" * 1000] * reads, b"this is asked for", ANSWER))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"what?",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 020 OK",
        b"HTTP/2 200 OK",
        b"HTTP/1.2 200 OK",
        b"ICY 200 OK",
        b" HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\nA: b",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d",
        b"HTTP/1.1 200 OK\r\nA: b\rC: d",
        b"HTTP/1.1 200 OK\r\nA: b\0",
        b"HTTP/1.1 200 OK\r\nA",
        b"HTTP/1.1 200 OK\r\n: b",
        b"HTTP/1.1 200 OK\r\nA : b",
        b"HTTP/1.1 200 OK\r\n A: b",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c",
        b"HTTP/1.1 200 OK\r\n\xc4: b",
    ],
)
def test_what_is_no_head_is_not_read_as_one(data: bytes) -> None:
    with pytest.raises(NotHTTP):
        parse(data)


def test_a_head_needs_neither_a_reason_nor_fields() -> None:
    assert parse(b"HTTP/1.1 204") == Head(204, [], {}, stays=True)
    assert parse(b"HTTP/1.1 404 ").status == 404


@pytest.mark.parametrize(
    ("data", "stays"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive", True),
        (b"HTTP/1.1 200 OK\r\nConnection: Close", False),
        (b"HTTP/1.1 200 OK\r\nConnection: x, close", False),
        (b"HTTP/1.0 200 OK", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive", False),
    ],
)
def test_a_head_says_whether_its_connection_stays(data: bytes, stays: bool) -> None:
    assert parse(data).stays is stays
