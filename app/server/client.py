"""Read a client's requests from its connection, within time limits.

gunicorn's parser reads from a `gunicorn.http.unreader.Unreader`. `Client` is an
Unreader with deadlines. It overrides `chunk()` and uses `take_buffered()` and
`unread()`; tests/server/test_client.py runs gunicorn's parser on it.
"""

import socket
import struct
from contextlib import suppress
from time import monotonic
from typing import Any

from gevent import get_hub, getcurrent, sleep
from gunicorn.http.unreader import Unreader

from app.http1.readiness import MIN_WAIT_S, read_waiter

HEAD_TIMEOUT_S = 10.0  # for a whole request head, from its first byte
BODY_IDLE_TIMEOUT_S = 30.0  # between two reads of a request body
READ_BYTES = 64 * 1024  # most requests arrive in one read
MAX_READ_BYTES = 1024 * 1024  # if the parser asks for more at once
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for 0 seconds


class WaitEnded(OSError):
    """`Client.stop_waiting` ended the wait for a request."""


class Client(Unreader):
    """A client's connection.

    `requests` counts the requests that have begun on it. `idle_since` is the time at
    which the wait for the next request began, or None while there is a request.
    """

    def __init__(
        self,
        sock: socket.socket,
        keepalive_s: float,
        *,
        head_timeout_s: float = HEAD_TIMEOUT_S,
        body_idle_timeout_s: float = BODY_IDLE_TIMEOUT_S,
    ) -> None:
        super().__init__()
        self.sock = sock
        self.requests = 0
        self.idle_since: float | None = monotonic()
        self._waiting: Any = None  # the greenlet that waits for a request
        self._wait_until_readable = read_waiter(sock)
        self._keepalive_s = max(keepalive_s, MIN_WAIT_S)
        self._head_timeout_s = head_timeout_s
        self._body_idle_timeout_s = body_idle_timeout_s
        self._deadline: float | None = self.idle_since + head_timeout_s

    def wait_for_request(self) -> bool:
        """Wait for the first bytes of a request; return False if none come.

        Other greenlets run first if the bytes are here already. Otherwise a client
        that pipelines requests would keep the worker to itself when neither its own
        reads nor those of the upstream have to wait.
        """
        data = self.take_buffered()
        if data:
            sleep(0)
        else:
            data = self._read_first_bytes()
        self.unread(data)
        if self.requests:
            self._deadline = monotonic() + self._head_timeout_s
        self.requests += 1
        return bool(data)

    def start_body(self) -> None:
        """Replace the deadline of the head by the idle timeout of the body."""
        self._deadline = None

    def start_discard(self) -> None:
        """Limit the time to read the rest of a body that the app has not read."""
        self._deadline = monotonic() + self._body_idle_timeout_s

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Read from the socket; raise TimeoutError after the deadline."""
        timeout_s = self._body_idle_timeout_s
        if self._deadline is not None:
            timeout_s = self._deadline - monotonic()
        if timeout_s <= 0:
            raise TimeoutError
        self.sock.settimeout(timeout_s)
        return self.sock.recv(min(max(size_hint or 0, READ_BYTES), MAX_READ_BYTES))

    def stop_waiting(self) -> None:
        """Make `wait_for_request` return False if it is waiting.

        The greenlet is interrupted in the hub, and only if it is still waiting then.
        """
        get_hub().loop.run_callback(self._interrupt_wait)

    def reset(self) -> None:
        """Close the connection at once, without sending what is still buffered."""
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.sock.shutdown(socket.SHUT_RDWR)

    def _interrupt_wait(self) -> None:
        if self._waiting is not None:
            self._waiting.throw(WaitEnded())

    def _read_first_bytes(self) -> bytes:
        timeout_s = self._keepalive_s if self.requests else self._head_timeout_s
        self.idle_since = monotonic()
        self._waiting = getcurrent()
        try:
            self._wait_until_readable(timeout_s)
            self.sock.settimeout(timeout_s)
            return self.sock.recv(READ_BYTES)
        except OSError:
            return self._read_available()
        finally:
            self._waiting = None
            self.idle_since = None

    def _read_available(self) -> bytes:
        """Return bytes that arrived at the moment at which the wait ended."""
        self.sock.settimeout(0)
        with suppress(OSError):
            return self.sock.recv(READ_BYTES)
        return b""
