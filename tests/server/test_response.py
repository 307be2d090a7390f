"""The bytes of a response, send by send."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from app.server.response import Response, Server, date_line, send_rest

NDJSON = [("Content-Type", "application/x-ndjson")]


@dataclass
class RecordingSocket:
    """Takes at most `max_bytes` at a time."""

    max_bytes: int = 1 << 20
    sends: list[bytes] = field(default_factory=list)
    timeout: float | None = None

    def send(self, data: bytes) -> int:
        self.sends.append(bytes(data[: self.max_bytes]))
        return len(self.sends[-1])

    def settimeout(self, seconds: float) -> None:
        self.timeout = seconds


@dataclass
class FakeServer:
    alive: bool = True
    send_timeout_s: float = 7.0


def make_response(
    sock: RecordingSocket,
    server: Server | None = None,
    *,
    method: str = "POST",
    version: tuple[int, int] = (1, 1),
    closes: bool = False,
    failed: bool = False,
) -> Response:
    request = SimpleNamespace(
        method=method,
        version=version,
        should_close=lambda: closes,
        body=SimpleNamespace(failed=failed),
    )
    untyped: Any = sock
    return Response(request, untyped, Config(), server or FakeServer())


def respond(
    *data: bytes, headers: list[tuple[str, str]] = NDJSON, **options: Any
) -> tuple[Response, RecordingSocket]:
    """Write a whole response; return it and the socket it was sent to."""
    sock = RecordingSocket()
    response = make_response(sock, **options)
    response.start_response("200 OK", headers)
    for each in data:
        response.write(each)
    response.close()
    return response, sock


def head_lines(sock: RecordingSocket) -> list[str]:
    return b"".join(sock.sends).partition(b"\r\n\r\n")[0].decode().split("\r\n")


def test_head_leaves_with_the_first_chunk() -> None:
    _, sock = respond(b"one\n", b"two\n")

    assert sock.timeout == 7.0
    assert sock.sends[0].endswith(b"\r\n\r\n4\r\none\n\r\n")
    assert sock.sends[1:] == [b"4\r\ntwo\n\r\n", b"0\r\n\r\n"]


def test_http_1_0_response_is_not_chunked() -> None:
    _, sock = respond(b"two\n", version=(1, 0))

    assert len(sock.sends) == 1
    assert sock.sends[0].endswith(b"\r\n\r\ntwo\n")


@pytest.mark.parametrize(
    ("method", "written", "sent"),
    [
        ("POST", [b"{}"], b"{}"),
        ("HEAD", [b""], b""),
        ("POST", [b"one", b"two"], b"on"),
    ],
    ids=["POST", "HEAD", "longer than its length"],
)
def test_response_with_a_length_is_one_send(
    method: str, written: list[bytes], sent: bytes
) -> None:
    _, sock = respond(*written, headers=[("Content-Length", "2")], method=method)

    assert len(sock.sends) == 1
    assert sock.sends[0].endswith(b"Content-Length: 2\r\n\r\n" + sent)


def test_head_has_a_date_and_names_no_server() -> None:
    _, sock = respond()

    names = [line.partition(":")[0] for line in head_lines(sock)[1:]]
    assert names == ["Date", "Transfer-Encoding", "Content-Type"]
    assert date_line(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"closes": True}, "Connection: close"),
        ({"server": FakeServer(alive=False)}, "Connection: close"),
        ({"failed": True}, "Connection: close"),
        ({"version": (1, 0)}, "Connection: keep-alive"),
        ({"version": (1, 0), "closes": True}, "Connection: close"),
    ],
    ids=str,
)
def test_head_says_whether_the_connection_closes(
    options: dict[str, Any], expected: str | None
) -> None:
    response, sock = respond(headers=[("Content-Length", "0")], **options)

    connection = [line for line in head_lines(sock) if line.startswith("Connection")]
    assert connection == ([expected] if expected else [])
    assert response.closes_connection == (expected == "Connection: close")


def test_connection_stays_open_if_the_head_did_not_say_close() -> None:
    server = FakeServer()
    response = make_response(RecordingSocket(), server)
    response.start_response("200 OK", NDJSON)
    response.write(b"x")

    server.alive = False
    response.close()

    assert not response.closes_connection


def test_bytes_that_do_not_fit_are_sent_later() -> None:
    sock = RecordingSocket(max_bytes=3)

    send_rest(sock, memoryview(b"abcdefgh"))  # type: ignore[arg-type]  # has `send`

    assert sock.sends == [b"abc", b"def", b"gh"]
