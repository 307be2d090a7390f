"""What leaves for the client, send by send."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from app.server.response import Response, date, send_rest
from app.web.relay import LastFrames

NDJSON = [("Content-Type", "application/x-ndjson")]


@dataclass
class Recorder:
    """A socket that takes at most `room` bytes at a time."""

    room: int = 1 << 20
    sends: list[bytes] = field(default_factory=list)
    timeout: float | None = None

    def send(self, data: bytes) -> int:
        self.sends.append(bytes(data[: self.room]))
        return len(self.sends[-1])

    def settimeout(self, seconds: float) -> None:
        self.timeout = seconds


def responding(
    sock: Recorder,
    *,
    method: str = "POST",
    version: tuple[int, int] = (1, 1),
    closes: bool = False,
    alive: bool = True,
    failed: bool = False,
) -> Response:
    request = SimpleNamespace(
        method=method,
        version=version,
        should_close=lambda: closes,
        body=SimpleNamespace(failed=failed),
    )
    server: Any = SimpleNamespace(alive=alive, silence_s=7.0)
    wire: Any = sock
    return Response(request, wire, Config(), server)


def head_of(sock: Recorder) -> list[str]:
    return b"".join(sock.sends).partition(b"\r\n\r\n")[0].decode().split("\r\n")


def test_the_head_leaves_with_the_first_chunk() -> None:
    sock = Recorder()
    response = responding(sock)

    response.start_response("200 OK", NDJSON)
    for data in (b"one\n", b"two\n"):
        response.write(data)
    response.close()

    assert [bytes(send) for send in sock.sends[1:]] == [
        b"4\r\ntwo\n\r\n",
        b"0\r\n\r\n",
    ]
    assert sock.sends[0].endswith(b"\r\n\r\n4\r\none\n\r\n")


def test_the_last_frames_and_the_end_are_one_send() -> None:
    sock = Recorder()
    response = responding(sock)

    response.start_response("200 OK", NDJSON)
    response.write(b"one\n")
    response.write(LastFrames(b"two\n"))
    assert sock.sends[1:] == [b"4\r\ntwo\n\r\n0\r\n\r\n"]
    response.write(b"this is not for the client")
    response.close()

    assert len(sock.sends) == 2


def test_the_last_frames_to_an_old_client_are_bytes_as_any() -> None:
    sock = Recorder()
    response = responding(sock, version=(1, 0))

    response.start_response("200 OK", NDJSON)
    response.write(LastFrames(b"two\n"))
    response.close()

    assert len(sock.sends) == 1
    assert sock.sends[0].endswith(b"\r\n\r\ntwo\n")


def test_a_whole_answer_is_one_send() -> None:
    sock = Recorder()
    response = responding(sock)

    response.start_response("200 OK", [("Content-Length", "2")])
    response.write(b"{}")
    response.close()

    assert len(sock.sends) == 1
    assert sock.sends[0].endswith(b"Content-Length: 2\r\n\r\n{}")


def test_an_answer_without_a_body_is_one_send() -> None:
    sock = Recorder()
    response = responding(sock, method="HEAD")

    response.start_response("200 OK", [("Content-Length", "17")])
    response.write(b"")
    response.close()

    assert len(sock.sends) == 1
    assert sock.sends[0].endswith(b"Content-Length: 17\r\n\r\n")


def test_no_server_is_named_and_the_date_is_told() -> None:
    sock = Recorder()
    response = responding(sock)

    response.start_response("200 OK", NDJSON)
    response.close()

    names = [line.partition(":")[0] for line in head_of(sock)[1:]]
    assert names == ["Date", "Transfer-Encoding", "Content-Type"]


def test_the_date_is_as_in_http() -> None:
    assert date(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, None),
        ({"closes": True}, "Connection: close"),
        ({"alive": False}, "Connection: close"),
        ({"failed": True}, "Connection: close"),
        ({"version": (1, 0)}, "Connection: keep-alive"),
        ({"version": (1, 0), "closes": True}, "Connection: close"),
    ],
    ids=str,
)
def test_a_client_learns_whether_its_connection_stays(
    options: dict[str, Any], said: str | None
) -> None:
    sock = Recorder()
    response = responding(sock, **options)

    response.start_response("200 OK", [("Content-Length", "0")])
    response.close()

    connection = [line for line in head_of(sock) if line.startswith("Connection")]
    assert connection == ([said] if said else [])
    assert response.closes == (said == "Connection: close")


def test_what_was_said_of_a_connection_holds() -> None:
    response = responding(Recorder())
    response.start_response("200 OK", NDJSON)
    response.write(b"x")

    response._server.alive = False
    response.close()

    assert not response.closes


def test_what_does_not_fit_is_sent_as_room_comes() -> None:
    sock = Recorder(room=3)

    send_rest(sock, memoryview(b"abcdefgh"))  # type: ignore[arg-type]  # has `send`

    assert sock.sends == [b"abc", b"def", b"gh"]


def test_a_reader_may_take_nothing_for_as_long_as_an_upstream_may_be_silent() -> None:
    sock = Recorder()
    response = responding(sock)

    response.start_response("200 OK", NDJSON)
    response.write(b"x")

    assert sock.timeout == 7.0
