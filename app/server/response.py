"""gunicorn's response, in fewer system calls: head and first bytes are one send.

Its own way is `sendall`, which in gevent asks for the socket's buffer size each time.
"""

from __future__ import annotations

import functools
import socket
import time
from typing import Any, Protocol

from gunicorn import util
from gunicorn.config import Config
from gunicorn.http.wsgi import Response as GunicornResponse

from app.http1.chunked import LAST_CHUNK
from app.web.relay import LastFrames


class Server(Protocol):
    """What a response must know of the worker that sends it."""

    alive: bool
    silence_s: float  # for how long a reader may take nothing


class Response(GunicornResponse):
    req: Any  # the stubs say of nothing that it is there

    def __init__(
        self, req: Any, sock: socket.socket, cfg: Config, server: Server
    ) -> None:
        super().__init__(req, sock, cfg)
        self._server = server
        self._head = b""
        self.closes = True  # what the client has been told of the connection
        self._ended = False

    def should_close(self) -> bool:
        """Also when no request could follow: at the end, or within a broken body."""
        ends = not self._server.alive or self.req.body.failed
        return ends or super().should_close()

    def default_headers(self) -> list[str]:
        """As Go: it names no server, and a connection is kept without a word."""
        major, minor = self.req.version
        head = [f"HTTP/{major}.{minor} {self.status}\r\n", date(int(time.time()))]
        self.closes = self.should_close()
        if self.closes:
            head.append("Connection: close\r\n")
        elif self.req.version <= (1, 0):
            head.append("Connection: keep-alive\r\n")
        if self.chunked:
            head.append("Transfer-Encoding: chunked\r\n")
        return head

    def send_headers(self) -> None:
        """Make them ready; they leave with what follows."""
        if self.headers_sent:
            return
        self.headers_sent = True
        lines = self.default_headers()
        lines += [f"{name}: {value}\r\n" for name, value in self.headers]
        lines.append("\r\n")
        self._head = "".join(lines).encode("latin-1")
        self.sock.settimeout(self._server.silence_s)

    def write(self, arg: bytes) -> None:
        """A chunk of a stream under way needs none of gunicorn's questions."""
        if self.headers_sent and self.chunked and arg:
            self.sent += len(arg)
            self._emit_body(arg)
        else:
            super().write(arg)

    def close(self) -> None:
        self.send_headers()
        end = LAST_CHUNK if self.chunked and not self._ended else b""
        if self._head or end:
            self._send(end)

    def _emit_body(self, data: bytes) -> None:
        if self._ended:  # nothing can follow
            return
        if not self.chunked:
            self._send(data)
            return
        chunk = b"%X\r\n%b\r\n" % (len(data), data)
        if isinstance(data, LastFrames):
            self._ended = True
            chunk += LAST_CHUNK
        self._send(chunk)

    def _send(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        sent = self.sock.send(data)
        if sent < len(data):
            send_rest(self.sock, memoryview(data)[sent:])


def send_rest(sock: socket.socket, rest: memoryview) -> None:
    """The timeout is of each wait, not of all: who is slow is not yet gone."""
    while rest:
        rest = rest[sock.send(rest) :]


@functools.lru_cache(maxsize=1)
def date(second: int) -> str:
    return f"Date: {util.http_date(second)}\r\n"
