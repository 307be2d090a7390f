"""What is no HTTP, refused."""

from __future__ import annotations

import socket

import pytest
from gunicorn.http import errors

from app.server.refusal import FAILED, NoHost, line_for, refuse


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (errors.InvalidRequestLine("secret"), "400 Bad Request"),
        (errors.InvalidHeader("secret"), "400 Bad Request"),
        (errors.UnsupportedTransferCoding("secret"), "400 Bad Request"),
        (NoHost(), "400 Bad Request"),
        (TimeoutError(), "408 Request Timeout"),
        (errors.LimitRequestLine(9000, 8190), "414 URI Too Long"),
        (errors.ExpectationFailed("secret"), "417 Expectation Failed"),
        (errors.LimitRequestHeaders("x"), "431 Request Header Fields Too Large"),
        (errors.InvalidHTTPVersion((3, 0)), "505 HTTP Version Not Supported"),
        (ZeroDivisionError("secret"), FAILED),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_every_fault_has_its_line(error: Exception, line: str) -> None:
    assert line_for(error) == line


@pytest.mark.parametrize("error", [NoHost("secret"), ZeroDivisionError("secret")])
def test_the_answer_is_gos_and_holds_nothing_of_what_was_sent(
    error: Exception,
) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.shutdown(socket.SHUT_WR)

        refuse(ours, error)

        answer = theirs.recv(4096).decode()
    line = line_for(error)
    assert answer == (
        f"HTTP/1.1 {line}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Connection: close\r\n\r\n{line}"
    )


def test_what_was_sent_reaches_no_log(caplog: pytest.LogCaptureFixture) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, caplog.at_level("DEBUG", "gunicorn.error"):
        theirs.close()

        refuse(ours, errors.InvalidHeader("secret"))

    assert "secret" not in caplog.text
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
