"""The load generator detects the errors of a relay."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from tests.bench.conftest import RunLoad

LINE = '{"message":{"content":" 000:0000000000000000"},"done":false}\n'
END = '{"message":{"content":""},"done":true,"done_reason":"stop","eval_count":1}\n'
ENDINGS = ("", "\n", "", '"q"', "", "\u00e9", "", "\\")  # as in bench/token.h


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


WRONG = {
    "changed text": (
        response(LINE.replace("000:", "001:") + END),
        "token 0 is not what was",
    ),
    "truncated text": (
        response(LINE.replace("000:", "000") + END),
        "token 0 is not what was",
    ),
    "extra token": (response(LINE + LINE), "token 1 is not what was"),
    "no text": (response(END), "0 tokens came, not 1"),
    "no end": (response(LINE), "ended: 0, counted 0 tokens, not 1"),
    "wrong count": (response(LINE + END.replace(":1}", ":2}")), "ended: 1, counted 2"),
    "error status": (
        response("{}", "502 Bad Gateway"),
        "answered HTTP/1.1 502, length known: 1",
    ),
    "truncated reply": (
        response(LINE, missing=9),
        "the connection was closed after 1 tokens",
    ),
}


@pytest.mark.parametrize(("reply", "error"), WRONG.values(), ids=WRONG)
def test_wrong_reply_is_an_error(run_load: RunLoad, reply: bytes, error: str) -> None:
    with serve_once(reply) as port:
        figures = run_load(port, {"tokens": 1}, "native", clients=1)

    assert figures["errors"] == 1
    assert error in figures["error"]


TEXTS = [f" {n:03}:{'0' * 16}{ending}" for n, ending in enumerate(ENDINGS)]
ALL_TEXTS = {"message": {"content": "".join(TEXTS)}}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(
    LINE[:9], LINE[9:] + END[:20], END[20:], ""
)
RIGHT: dict[str, tuple[int, Sequence[bytes]]] = {
    "one line": (1, [response(LINE + END)]),
    "byte by byte": (1, [CHUNKED[n : n + 1] for n in range(len(CHUNKED))]),
    **{
        f"ASCII only: {ascii_only}": (
            8,
            [
                response(
                    json.dumps(ALL_TEXTS, ensure_ascii=ascii_only)
                    + "\n"
                    + END.replace(":1}", ":8}")
                )
            ],
        )
        for ascii_only in (True, False)
    },
}


@pytest.mark.parametrize(("tokens", "parts"), RIGHT.values(), ids=RIGHT)
def test_correct_reply_is_counted(
    run_load: RunLoad, tokens: int, parts: Sequence[bytes]
) -> None:
    with serve_once(*parts) as port:
        figures = run_load(port, {"tokens": tokens}, "native", clients=1, seconds=0)

    assert (figures["error"], figures["replies"]) == ("", 1)
    assert figures["chunks"] == tokens
