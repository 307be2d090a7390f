"""A connection to an upstream: urllib3 connects it, what is said on it is ours."""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from socket import socket

from gevent import monkey
from urllib3 import connection

from app.errors import Cancelled
from app.http1.cancel import CancelToken
from app.http1.framing import Framing, framed, framing
from app.http1.head import Head, receive, spell
from app.upstream.socketread import SocketReader

MOST_JOINED = 64 * 1024  # bytes of a body that is copied behind its head

# Nothing is waited for: gevent's own would set up watchers all the same.
poll = monkey.get_original("select", "poll")


RequestBody = bytes | Iterable[bytes] | None


@dataclass(frozen=True)
class Request:
    """What is sent before a body; kept for many, it is spelled once."""

    method: str
    target: str  # path and query, or all of the URL for a proxy
    headers: Mapping[str, str] = field(repr=False)

    @cached_property
    def head(self) -> bytes:
        return spell(self.method, self.target, self.headers)


class HTTPConnection(connection.HTTPConnection):
    """One that a client who leaves can end, be it in connecting, TLS or waiting."""

    cancel: CancelToken  # of the request that it serves
    _reader: SocketReader | None = None  # of its socket

    @property
    def is_connected(self) -> bool:
        """A kept connection has nothing to say, not even that it ends."""
        if self.sock is None:
            return False
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return False
        asked = poll()
        asked.register(self.sock, select.POLLIN)
        return not asked.poll(0)

    def _new_conn(self) -> socket:
        sock = super()._new_conn()
        self._reader = None
        try:
            self.cancel.attach(sock)
        except Cancelled:
            sock.close()
            raise
        return sock

    def exchange(
        self, request: Request, body: RequestBody, wait_s: float
    ) -> tuple[Head, Framing, SocketReader]:
        """Send; the head of the answer, and how its body is to be read.

        The time is for each wait: for the socket to take something or to bring it.
        """
        reader = self._reader = self._reader or SocketReader(self.sock)
        reader.set_patience(wait_s)
        self.cancel.attach(self.sock)
        end, pieces = framed(request.method, request.headers, body)
        head = request.head + end
        if isinstance(body, bytes) and len(body) <= MOST_JOINED:
            head, pieces = head + body, ()
        try:
            self._send(head)
            for piece in pieces:
                self._send(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # an answer may be there
        answer, rest = receive(partial(reader.read, wait_s))
        of_answer = framing(answer, request.method)
        if of_answer.done:
            of_answer.feed(rest)
        else:
            reader.unread(rest)
        return answer, of_answer, reader

    def _send(self, data: bytes) -> None:
        """At once, if the socket takes it: `sendall` asks gevent's for its buffer."""
        sent = self.sock.send(data)
        if sent < len(data):
            self.sock.sendall(memoryview(data)[sent:])


class HTTPSConnection(HTTPConnection, connection.HTTPSConnection):
    """The same over TLS."""
