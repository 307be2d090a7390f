"""One connection to a server: send a request, read its response."""

import select
import socket
import ssl
from contextlib import suppress
from functools import partial

from gevent import monkey

from app.http1 import readiness
from app.http1.cancel import CancelToken
from app.http1.messages import (
    BodyDecoder,
    Request,
    RequestBody,
    ResponseHead,
    UntilCloseDecoder,
    frame_request_body,
    read_response_head,
    response_decoder,
)

MAX_READ_BYTES = 32 * 1024  # of one read; other greenlets wait while it is processed
MAX_JOINED_BYTES = 64 * 1024  # of a request body that is sent together with its head

# gevent's own `poll` creates watchers even for a timeout of 0.
poll = monkey.get_original("select", "poll")


class Connection:
    """A connected socket, on which requests are sent one after another.

    Reads take everything that has arrived: urllib3 would return one chunk at a time,
    and Cerebras sends each event in a chunk of its own.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.reusable = False  # whether another request may follow the last response
        self._sock = sock
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._timeout_s = sock.gettimeout()
        self._wait_readable = readiness.read_waiter(sock)
        self._recv = readiness.unwrapped(sock).recv
        self._unread = b""

    def is_idle(self) -> bool:
        """Return whether the server has neither sent anything nor closed."""
        if self._tls is not None and self._tls.pending():
            return False
        poller = poll()
        poller.register(self._sock, select.POLLIN)
        return not poller.poll(0)

    def exchange(
        self, request: Request, body: RequestBody, cancel: CancelToken, timeout_s: float
    ) -> tuple[ResponseHead, BodyDecoder]:
        """Send a request; return the response head and a decoder for its body.

        The timeout is for each wait to send or to receive. From here on the token shuts
        the socket down when it is cancelled.
        """
        self._set_timeout(timeout_s)
        cancel.attach(self._sock)
        end, pieces = frame_request_body(request.method, request.headers, body)
        head = request.head + end
        if isinstance(body, bytes) and len(body) <= MAX_JOINED_BYTES:
            head, pieces = head + body, ()
        try:
            self._send(head)
            for piece in pieces:
                self._send(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may have answered before it closed the connection
        response, rest = read_response_head(partial(self.read, timeout_s))
        decoder = response_decoder(response, request.method)
        self.reusable = response.keep_alive and not isinstance(
            decoder, UntilCloseDecoder
        )
        if decoder.done:
            decoder.feed(rest)  # notes excess bytes
        else:
            self._unread = rest
        return response, decoder

    def read(self, wait_s: float) -> bytes:
        """Return what has arrived, b"" at the end; wait for it, or raise TimeoutError.

        Returns at most `MAX_READ_BYTES`.
        """
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        if wait_s != self._timeout_s:
            self._set_timeout(wait_s)
        if self._tls is not None:
            return self._read_records(self._tls, wait_s)
        self._wait_readable(wait_s)
        try:
            return self._recv(MAX_READ_BYTES)
        except BlockingIOError:  # a spurious wake-up
            return self._sock.recv(MAX_READ_BYTES)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _read_records(self, sock: ssl.SSLSocket, wait_s: float) -> bytes:
        """Return all TLS records that have arrived; one `recv` returns only one."""
        if not sock.pending():
            self._wait_readable(wait_s)
        records = [sock.recv(MAX_READ_BYTES)]
        if not (sock.pending() or readiness.bytes_available(sock)):
            return records[0]
        size = len(records[0])
        sock.settimeout(0)
        with suppress(OSError):  # if it is an error, the next read raises it again
            while records[-1] and size < MAX_READ_BYTES:
                records.append(sock.recv(MAX_READ_BYTES - size))
                size += len(records[-1])
        sock.settimeout(self._timeout_s)
        return b"".join(records)

    def _send(self, data: bytes) -> None:
        """Send all data; a single `send` is cheaper than gevent's `sendall`."""
        sent = self._sock.send(data)
        if sent < len(data):
            self._sock.sendall(memoryview(data)[sent:])

    def _set_timeout(self, timeout_s: float) -> None:
        self._sock.settimeout(timeout_s)
        self._timeout_s = timeout_s
