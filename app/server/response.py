"""Send responses in few system calls.

The head and the first bytes of the body leave in one send, each later chunk in one
send of its own. gunicorn's own response sends the head alone, and uses `sendall`, for
which gevent asks the kernel for the size of the socket's buffer each time. At one
chunk a token these system calls are a large part of what a token costs.

`Response` is a subclass of `gunicorn.http.wsgi.Response`. It relies on

* `gunicorn.http.wsgi.create()` making it when given `response_class`;
* `write()` checking the body's length and calling `send_headers()` and `_emit_body()`;
* `req`, `status`, `headers`, `chunked`, `headers_sent`, `sent` and `should_close()`.

tests/server/test_response.py drives it as a WSGI app does.
"""

import functools
import socket
import time
from email.utils import formatdate
from typing import Any, Protocol

from gunicorn.config import Config
from gunicorn.http.wsgi import Response as GunicornResponse

from app.http1.chunked import LAST_CHUNK


class Server(Protocol):
    """The parts of a worker that its responses need."""

    alive: bool
    send_timeout_s: float  # for each wait until the client takes more bytes


class Response(GunicornResponse):
    """A response that sends its head together with the first bytes of its body."""

    req: Any  # the type stubs do not say that it has a body

    def __init__(
        self, req: Any, sock: socket.socket, cfg: Config, server: Server
    ) -> None:
        super().__init__(req, sock, cfg)
        self._server = server
        self._unsent_head = b""
        self.closes_connection = True  # as the head announced it

    def should_close(self) -> bool:
        """Close also if the worker is stopping or the request's body is broken."""
        no_more_requests = not self._server.alive or self.req.body.failed
        return no_more_requests or super().should_close()

    def default_headers(self) -> list[str]:
        """Return the first lines of the head, as Go's net/http would send them.

        They name no server, and no `Connection` where it is the default.
        """
        major, minor = self.req.version
        lines = [f"HTTP/{major}.{minor} {self.status}\r\n", date_line(int(time.time()))]
        self.closes_connection = self.should_close()
        if self.closes_connection:
            lines.append("Connection: close\r\n")
        elif self.req.version <= (1, 0):
            lines.append("Connection: keep-alive\r\n")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked\r\n")
        return lines

    def send_headers(self) -> None:
        """Serialise the head; it leaves with the first bytes that follow it."""
        if self.headers_sent:
            return
        self.headers_sent = True
        lines = self.default_headers()
        lines += [f"{name}: {value}\r\n" for name, value in self.headers]
        lines.append("\r\n")
        self._unsent_head = "".join(lines).encode("latin-1")
        self.sock.settimeout(self._server.send_timeout_s)

    def write(self, arg: bytes) -> None:
        """Send a part of the body; the next chunk of a stream needs no checks."""
        if self.headers_sent and self.chunked and arg:
            self.sent += len(arg)
            self._emit_body(arg)
        else:
            super().write(arg)

    def close(self) -> None:
        """Send the last chunk, and the head if there was no body."""
        self.send_headers()
        if self.chunked:
            self._send(LAST_CHUNK)
        elif self._unsent_head:
            self._send(b"")

    def _emit_body(self, data: bytes) -> None:
        if self.chunked:
            data = b"%X\r\n%b\r\n" % (len(data), data)
        self._send(data)

    def _send(self, data: bytes) -> None:
        if self._unsent_head:
            data, self._unsent_head = self._unsent_head + data, b""
        sent = self.sock.send(data)
        if sent < len(data):
            send_rest(self.sock, memoryview(data)[sent:])


def send_rest(sock: socket.socket, rest: memoryview) -> None:
    """Send all of `rest`; the socket's timeout limits each wait, not all of them."""
    while rest:
        rest = rest[sock.send(rest) :]


@functools.lru_cache(maxsize=1)
def date_line(second: int) -> str:
    """Return the Date header, made once per second."""
    return f"Date: {formatdate(second, usegmt=True)}\r\n"
