"""Replies to malformed requests."""

import socket
from time import monotonic

import pytest
from gunicorn.http import errors

from app.server.refusal import (
    LINGER_S,
    MAX_LINGER_BYTES,
    SERVER_ERROR,
    MissingHost,
    linger,
    refuse,
    status_line,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TimeoutError(), "408 Request Timeout"),
        (ZeroDivisionError("secret"), SERVER_ERROR),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_timeout_and_bug_have_their_status(error: Exception, status: str) -> None:
    """test_worker.py has the statuses of malformed heads."""
    assert status_line(error) == status


@pytest.mark.parametrize("error", [MissingHost("secret"), ZeroDivisionError("secret")])
def test_reply_is_gos_and_repeats_nothing_of_the_request(error: Exception) -> None:
    server_end, client_end = socket.socketpair()
    with server_end, client_end:
        client_end.shutdown(socket.SHUT_WR)

        refuse(server_end, error)

        reply = b"".join(iter(lambda: client_end.recv(4096), b"")).decode()
    status = status_line(error)
    assert reply == (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Connection: close\r\n\r\n{status}"
    )


def test_client_that_is_still_sending_gets_the_reply() -> None:
    server_end, client_end = socket.socketpair()
    with client_end:
        client_end.send(b"unread")
        client_end.shutdown(socket.SHUT_WR)
        with server_end:
            refuse(server_end, TimeoutError())

        assert client_end.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_client_that_never_stops_sending_is_left() -> None:
    server_end, client_end = socket.socketpair()
    with server_end, client_end:
        client_end.settimeout(5)
        client_end.sendall(b"x" * (MAX_LINGER_BYTES + 1))
        begun = monotonic()

        linger(server_end)

        assert monotonic() - begun < LINGER_S


def test_log_does_not_repeat_the_request(caplog: pytest.LogCaptureFixture) -> None:
    server_end, client_end = socket.socketpair()
    with server_end, client_end, caplog.at_level("DEBUG", "gunicorn.error"):
        client_end.close()

        refuse(server_end, errors.InvalidHeader("secret"))

    assert "secret" not in caplog.text
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
