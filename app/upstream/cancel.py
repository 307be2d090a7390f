"""A request's end from outside: its client has left, or the server stops.

No lock is needed, and none could be: `trip` also runs in gevent's hub, where nothing
may block. Whoever takes the descriptor out of the deque, in one atomic step, owns it.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from gevent import monkey

from app.errors import Cancelled

# Nobody waits for a descriptor of ours: gevent's own would look who does.
close = monkey.get_original("os", "close")


class Cancel:
    """Holds what one request is waiting for, and ends the wait when tripped."""

    def __init__(self, caller: str = "") -> None:
        self.caller = caller  # who takes turns with others
        self.tripped = False
        self.answered = False  # in full: that the client leaves ends nothing any more
        self._held: deque[int] = deque()
        self._turn: threading.Event | None = None
        self._why: Callable[[], Cancelled] = cancelled

    def check(self) -> None:
        if self.tripped:
            raise self._why()

    def hold(self, sock: socket.socket) -> None:
        """Remember the socket that is waited for from now on.

        It is held by a descriptor of its own: the number cannot come to mean another's
        socket, and a TLS object that is being read is left alone.
        """
        self.release()
        self._held.append(os.dup(sock.fileno()))
        if self.tripped:
            self.release()
            raise self._why()

    def release(self) -> bool:
        """Forget the socket; False when it is no longer ours, for it is shut down."""
        if not self._held:
            return False
        try:
            close(self._held.pop())
        except IndexError:  # taken in this very moment
            return False
        return True

    def wait(self, seconds: float) -> None:
        """Sleep, unless tripped."""
        self.wait_for(threading.Event(), seconds)

    def wait_for(self, turn: threading.Event, seconds: float | None = None) -> None:
        """Wait until another sets the event or time is up, unless tripped."""
        self._turn = turn
        if not self.tripped:
            turn.wait(seconds)
        self._turn = None
        self.check()

    def trip(self, why: Callable[[], Cancelled] | None = None) -> None:
        """The client has left, unless `why` says otherwise; the first word holds.

        Any thread, greenlet or hub callback may say so.
        """
        if self.answered and not why:
            return
        if why and not self.tripped:
            self._why = why
        self.tripped = True
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
