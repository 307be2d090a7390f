"""What a relay can do wrong is found by the load generator."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.bench.conftest import Load

LINE = '{"message":{"content":" 000:0000000000000000"},"done":false}\n'
END = '{"message":{"content":""},"done":true,"done_reason":"stop","eval_count":1}\n'
ENDINGS = ("", "\n", "", '"q"', "", "\u00e9", "", "\\")  # as in bench/token.h
WRONG = {
    "a changed text": (LINE.replace("000:", "001:") + END, "token 0 is not what was"),
    "a text cut in two": (LINE.replace("000:", "000"), "token 0 is not what was"),
    "a token too many": (LINE + LINE, "token 1 is not what was"),
    "no text": (END, "0 tokens came, not 1"),
    "no end": (LINE, "ended: 0, counted 0 tokens, not 1"),
    "a wrong count": (LINE + END.replace(":1}", ":2}"), "ended: 1, counted 2"),
}


@contextlib.contextmanager
def answering(*pieces: bytes) -> Iterator[int]:
    """A server that gives its one client this reply, piece by piece, then closes."""

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(65536)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                client.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def http(body: str, status: str = "200 OK", more: int = 0) -> bytes:
    """An answer; `more` bytes are promised that never come."""
    sent = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(sent) + more}\r\n\r\n"
    return head.encode() + sent


def chunked(*parts: str) -> bytes:
    return "".join(f"{len(part):x}\r\n{part}\r\n" for part in parts).encode()


@pytest.mark.parametrize(("body", "error"), WRONG.values(), ids=WRONG)
def test_a_wrong_reply_is_told(load: Load, body: str, error: str) -> None:
    with answering(http(body)) as port:
        found = load(port, {"tokens": 1}, "native", clients=1)

    assert found["errors"] == 1
    assert error in found["error"]


def test_a_right_reply_is_counted(load: Load) -> None:
    with answering(http(LINE + END)) as port:
        found = load(port, {"tokens": 1}, "native", clients=1, seconds=0)

    assert (found["errors"], found["replies"], found["chunks"]) == (0, 1, 1)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_texts_are_the_same_however_they_are_escaped(
    load: Load, ascii_only: bool
) -> None:
    texts = [f" {n:03}:{'0' * 16}{ending}" for n, ending in enumerate(ENDINGS)]
    line = json.dumps({"message": {"content": "".join(texts)}}, ensure_ascii=ascii_only)

    with answering(http(f"{line}\n" + END.replace(":1}", ":8}"))) as port:
        found = load(port, {"tokens": 8}, "native", clients=1, seconds=0)

    assert (found["errors"], found["chunks"]) == (0, 8)


def test_a_reply_may_come_byte_by_byte(load: Load) -> None:
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(
        LINE[:9], LINE[9:] + END[:20], END[20:], ""
    )

    with answering(*(reply[n : n + 1] for n in range(len(reply)))) as port:
        found = load(port, {"tokens": 1}, "native", clients=1, seconds=0)

    assert (found["error"], found["replies"]) == ("", 1)


def test_another_status_is_an_error(load: Load) -> None:
    with answering(http("{}", "502 Bad Gateway")) as port:
        found = load(port, {"tokens": 1}, "native", clients=1)

    assert found["error"] == "answered HTTP/1.1 502, length known: 1"


def test_a_reply_that_is_cut_is_an_error(load: Load) -> None:
    with answering(http(LINE, more=9)) as port:
        found = load(port, {"tokens": 1}, "native", clients=1)

    assert found["error"] == "the connection was closed after 1 tokens"
