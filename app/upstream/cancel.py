"""A request's end from outside: its client has left.

No lock is needed, and none could be: `trip` also runs in gevent's hub, where nothing
may block. Whoever takes the descriptor out of the deque, in one atomic step, owns it.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from contextlib import suppress

from app.errors import Cancelled


class Cancel:
    """Holds what one request is waiting for, and ends the wait when tripped."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._held: deque[int] = deque()
        self._turn: threading.Event | None = None

    @property
    def tripped(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        if self.tripped:
            raise cancelled()

    def hold(self, sock: socket.socket) -> None:
        """Remember the socket that is waited for from now on.

        It is held by a descriptor of its own: the number cannot come to mean another's
        socket, and a TLS object that is being read is left alone.
        """
        self.release()
        self._held.append(os.dup(sock.fileno()))
        if self.tripped:
            self.release()
            raise cancelled()

    def release(self) -> bool:
        """Forget the socket; False when it is no longer ours, for it is shut down."""
        with suppress(IndexError):
            os.close(self._held.pop())
            return True
        return False

    def wait(self, seconds: float) -> None:
        """Sleep, unless the client leaves."""
        if self._event.wait(seconds):
            raise cancelled()

    def wait_for(self, turn: threading.Event) -> None:
        """Wait until another sets the event, unless the client leaves."""
        self._turn = turn
        if not self.tripped:
            turn.wait()
        self._turn = None
        self.check()

    def trip(self) -> None:
        """The client has left; any thread, greenlet or hub callback may say so."""
        self._event.set()
        turn = self._turn
        if turn:
            turn.set()
        with (
            suppress(IndexError, OSError),
            socket.socket(fileno=self._held.pop()) as held,
        ):
            held.shutdown(socket.SHUT_RDWR)


def cancelled() -> Cancelled:
    """What a tripped wait raises."""
    return Cancelled("the client has left")
