"""What is no HTTP is refused in one plain line, as Go's net/http refuses it."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress

from gunicorn import util
from gunicorn.http import errors

log = logging.getLogger("gunicorn.error")

BAD_REQUEST = "400 Bad Request"
# The first that fits; what a client sent is neither answered nor logged.
LINES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "408 Request Timeout"),
    (errors.LimitRequestLine, "414 URI Too Long"),
    (errors.ExpectationFailed, "417 Expectation Failed"),
    (errors.LimitRequestHeaders, "431 Request Header Fields Too Large"),
    (errors.InvalidHTTPVersion, "505 HTTP Version Not Supported"),
    (errors.ParseException, BAD_REQUEST),
)
REFUSED = (TimeoutError, errors.ParseException)
FAILED = "500 Internal Server Error"
HEAD = (
    "HTTP/1.1 {line}\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Connection: close\r\n\r\n"
)
GOODBYE_S = 1.0  # for the line to be read before the connection is reset


class NoHost(errors.ParseException):
    """HTTP/1.1 demands a Host."""


def line_for(error: Exception) -> str:
    return next((line for kind, line in LINES if isinstance(error, kind)), FAILED)


def refuse(sock: socket.socket, error: Exception) -> None:
    """Answer with one line, and close the connection."""
    line = line_for(error)
    if line == FAILED:
        log.error("a request failed", exc_info=error)
    else:
        log.debug("refused what is no request: %s", type(error).__name__)
    with suppress(OSError):
        sock.settimeout(GOODBYE_S)
        sock.send((HEAD.format(line=line) + line).encode())
        util.close_graceful(sock, GOODBYE_S)
