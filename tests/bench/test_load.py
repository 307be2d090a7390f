"""The load generator detects the errors of a relay."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.bench.conftest import RunLoad

LINE = '{"message":{"content":" 000:0000000000000000"},"done":false}\n'
END = '{"message":{"content":""},"done":true,"done_reason":"stop","eval_count":1}\n'
ENDINGS = ("", "\n", "", '"q"', "", "\u00e9", "", "\\")  # as in bench/token.h
WRONG_REPLIES = {
    "changed text": (LINE.replace("000:", "001:") + END, "token 0 is not what was"),
    "truncated text": (LINE.replace("000:", "000"), "token 0 is not what was"),
    "extra token": (LINE + LINE, "token 1 is not what was"),
    "no text": (END, "0 tokens came, not 1"),
    "no end": (LINE, "ended: 0, counted 0 tokens, not 1"),
    "wrong count": (LINE + END.replace(":1}", ":2}"), "ended: 1, counted 2"),
}


@contextlib.contextmanager
def serve_once(*parts: bytes) -> Iterator[int]:
    """Serve one client these parts of a reply, then close; yield the port."""

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(65536)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                client.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def response(body: str, status: str = "200 OK", missing: int = 0) -> bytes:
    """Return a response that announces `missing` bytes more than it has."""
    sent = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(sent) + missing}\r\n\r\n"
    return head.encode() + sent


def chunked(*parts: str) -> bytes:
    return "".join(f"{len(part):x}\r\n{part}\r\n" for part in parts).encode()


@pytest.mark.parametrize(("body", "error"), WRONG_REPLIES.values(), ids=WRONG_REPLIES)
def test_wrong_reply_is_an_error(run_load: RunLoad, body: str, error: str) -> None:
    with serve_once(response(body)) as port:
        figures = run_load(port, {"tokens": 1}, "native", clients=1)

    assert figures["errors"] == 1
    assert error in figures["error"]


def test_correct_reply_is_counted(run_load: RunLoad) -> None:
    with serve_once(response(LINE + END)) as port:
        figures = run_load(port, {"tokens": 1}, "native", clients=1, seconds=0)

    assert (figures["errors"], figures["replies"], figures["chunks"]) == (0, 1, 1)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_escaped_and_plain_texts_are_equal(run_load: RunLoad, ascii_only: bool) -> None:
    texts = [f" {n:03}:{'0' * 16}{ending}" for n, ending in enumerate(ENDINGS)]
    line = json.dumps({"message": {"content": "".join(texts)}}, ensure_ascii=ascii_only)

    with serve_once(response(f"{line}\n" + END.replace(":1}", ":8}"))) as port:
        figures = run_load(port, {"tokens": 8}, "native", clients=1, seconds=0)

    assert (figures["errors"], figures["chunks"]) == (0, 8)


def test_reply_may_arrive_byte_by_byte(run_load: RunLoad) -> None:
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(
        LINE[:9], LINE[9:] + END[:20], END[20:], ""
    )

    with serve_once(*(reply[n : n + 1] for n in range(len(reply)))) as port:
        figures = run_load(port, {"tokens": 1}, "native", clients=1, seconds=0)

    assert (figures["error"], figures["replies"]) == ("", 1)


def test_error_status_is_an_error(run_load: RunLoad) -> None:
    with serve_once(response("{}", "502 Bad Gateway")) as port:
        figures = run_load(port, {"tokens": 1}, "native", clients=1)

    assert figures["error"] == "answered HTTP/1.1 502, length known: 1"


def test_truncated_reply_is_an_error(run_load: RunLoad) -> None:
    with serve_once(response(LINE, missing=9)) as port:
        figures = run_load(port, {"tokens": 1}, "native", clients=1)

    assert figures["error"] == "the connection was closed after 1 tokens"
