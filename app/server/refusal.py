"""Refuse malformed HTTP with one line of plain text, as Go's net/http does.

The exceptions are those of gunicorn's parser (`gunicorn.http.errors`, see worker.py).
"""

import logging
import socket
from contextlib import suppress
from time import monotonic

from gunicorn.http import errors

log = logging.getLogger("gunicorn.error")

# The first class that matches counts. Neither the reply nor the log repeats what the
# client sent.
STATUS_LINES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "408 Request Timeout"),
    (errors.LimitRequestLine, "414 URI Too Long"),
    (errors.ExpectationFailed, "417 Expectation Failed"),
    (errors.LimitRequestHeaders, "431 Request Header Fields Too Large"),
    (errors.InvalidHTTPVersion, "505 HTTP Version Not Supported"),
    (errors.ParseException, "400 Bad Request"),
)
CLIENT_ERRORS = (TimeoutError, errors.ParseException)
SERVER_ERROR = "500 Internal Server Error"
REPLY = (
    "HTTP/1.1 {status}\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Connection: close\r\n\r\n{status}"
)
LINGER_S = 1.0
MAX_LINGER_BYTES = 64 * 1024


class MissingHost(errors.ParseException):
    """An HTTP/1.1 request has no Host header."""


def status_line(error: Exception) -> str:
    """Return the status code and reason to reply to an error with."""
    lines = (line for kind, line in STATUS_LINES if isinstance(error, kind))
    return next(lines, SERVER_ERROR)


def refuse(sock: socket.socket, error: Exception) -> None:
    """Send the status of an error as plain text, and end the connection."""
    status = status_line(error)
    if status == SERVER_ERROR:
        log.error("a request failed", exc_info=error)
    else:
        log.debug("refused a malformed request: %s", type(error).__name__)
    with suppress(OSError):
        sock.settimeout(LINGER_S)
        sock.send(REPLY.format(status=status).encode())
        linger(sock)


def linger(sock: socket.socket) -> None:
    """End the sending side, and read until the client has closed the connection.

    Closing a socket with unread data resets the connection, and the client may lose
    the reply (RFC 9112, section 9.6). Time and size are limited.
    """
    deadline = monotonic() + LINGER_S
    size = 0
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while size < MAX_LINGER_BYTES and (left_s := deadline - monotonic()) > 0:
            sock.settimeout(left_s)
            data = sock.recv(4096)
            if not data:
                return
            size += len(data)
