"""A client's connection: every part of a request has its time, and then it is over."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from time import monotonic

from gevent import get_hub, sleep
from gunicorn.http.unreader import SocketUnreader

from app.http1.readiness import MIN_WAIT_S, read_waiter

HEAD_S = 10.0  # for a whole head, from its first byte; at first from the connection
SILENCE_S = 30.0  # from byte to byte of a body
READ_BYTES = 64 * 1024  # at once: most requests come whole
ABORT = struct.pack("ii", 1, 0)  # linger for nothing: what is unsent is forgotten


class HungUp(OSError):
    """Nothing more is expected of a client that has sent nothing yet."""


class Client(SocketUnreader):
    """What gunicorn's parser reads from; `waits_since` while no request has begun."""

    def __init__(
        self,
        sock: socket.socket,
        idle_s: float,
        *,
        head_s: float = HEAD_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        super().__init__(sock, READ_BYTES)
        self.requests = 0
        self.waits_since: float | None = monotonic()
        self._wait_for = read_waiter(sock)
        self._idle_s = max(idle_s, MIN_WAIT_S)
        self._head_s = head_s
        self._silence_s = silence_s
        self._until: float | None = self.waits_since + head_s

    def begins(self) -> bool:
        """Wait for the first bytes of a request; False when none are to come.

        Others have a turn before it, though it may be there already: where client and
        upstream are quick, no read ever waits, and who asks and asks would have them
        wait for ever.
        """
        begun = self.take_buffered()
        if begun:
            sleep(0)
        else:
            begun = self._first_bytes()
        self.unread(begun)
        if self.requests:
            self._until = monotonic() + self._head_s
        self.requests += 1
        return bool(begun)

    def send_body(self) -> None:
        """The head has come: the rest may take as long as it does not stop."""
        self._until = None

    def send_rest(self) -> None:
        """The answer is out: what of the body was not read is not waited for long."""
        self._until = monotonic() + self._silence_s

    def chunk(self, size_hint: int | None = None) -> bytes:
        """One read, as the parser asks for it."""
        left_s = self._silence_s
        if self._until is not None:
            left_s = self._until - monotonic()
        if left_s <= 0:
            raise TimeoutError
        self.sock.settimeout(left_s)
        return super().chunk(size_hint)  # type: ignore[call-arg]  # stubs of 26

    def hang_up(self) -> None:
        """End the wait for a request, if there is one; any other greenlet may."""
        if self.waits_since is None:
            return
        awaited = getattr(self.sock, "_read_event", None)
        if awaited is None:
            self.sock.shutdown(socket.SHUT_RD)
        else:
            get_hub().cancel_wait(awaited, HungUp())

    def drop(self) -> None:
        """Away with it, and with what it has not taken."""
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            self.sock.shutdown(socket.SHUT_RDWR)

    def _first_bytes(self) -> bytes:
        patience_s = self._idle_s if self.requests else self._head_s
        self.waits_since = monotonic()
        try:
            self._wait_for(patience_s)
            self.sock.settimeout(patience_s)
            return self.sock.recv(self.mxchunk)
        except OSError:
            return self._late_bytes()
        finally:
            self.waits_since = None

    def _late_bytes(self) -> bytes:
        """What came in the very moment that the wait ended."""
        self.sock.settimeout(0)
        with suppress(OSError):
            return self.sock.recv(self.mxchunk)
        return b""
