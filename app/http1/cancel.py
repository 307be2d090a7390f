"""Cancel one request: its client disconnected, or the server is shutting down."""

import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from gevent import monkey

from app.errors import Cancelled

# gevent's own `os.close` looks for greenlets that wait for the descriptor. None waits
# for the duplicates that a token makes.
close = monkey.get_original("os", "close")


class CancelToken:
    """Interrupts what one request waits for: an event, a sleep or a socket.

    `cancel` may run in any thread, any greenlet and in gevent's hub, where no code may
    block, so there is no lock. Instead the deque `_attached` holds at most one
    descriptor, and the caller that pops it, in one atomic step, owns it.
    """

    def __init__(self, caller: str = "") -> None:
        self.caller = caller  # the fair queues take turns between callers
        self.cancelled = False
        # Whether the client was sent the whole reply. A disconnect is ignored then.
        self.reply_complete = False
        self._attached: deque[int] = deque()
        self._event: threading.Event | None = None
        self._reason: Callable[[], Cancelled] = client_disconnected

    def raise_if_cancelled(self) -> None:
        """Raise the reason of the cancellation, if there was one."""
        if self.cancelled:
            raise self._reason()

    def attach(self, sock: socket.socket) -> None:
        """Shut `sock` down when the token is cancelled; replaces an earlier socket.

        The token holds a duplicate of the descriptor. Its number cannot come to mean
        another socket, and a TLS object that is being read is not touched.
        """
        self.detach()
        self._attached.append(os.dup(sock.fileno()))
        if self.cancelled:
            self.detach()
            raise self._reason()

    def detach(self) -> bool:
        """Forget the socket; return False if it was shut down or none is attached."""
        try:
            close(self._attached.pop())
        except IndexError:  # none is attached, or `cancel` has taken it
            return False
        return True

    def sleep(self, seconds: float) -> None:
        """Sleep; raise Cancelled as soon as the token is cancelled."""
        self.wait(threading.Event(), seconds)

    def wait(self, event: threading.Event, seconds: float | None = None) -> None:
        """Wait for the event or the timeout; raise Cancelled if cancelled."""
        self._event = event
        if not self.cancelled:
            event.wait(seconds)
        self._event = None
        self.raise_if_cancelled()

    def cancel(self, reason: Callable[[], Cancelled] | None = None) -> None:
        """Cancel; `reason` makes the exception, by default for a client that left.

        The first reason stays.
        """
        if self.reply_complete and not reason:
            return
        if reason and not self.cancelled:
            self._reason = reason
        self.cancelled = True
        event = self._event
        if event:
            event.set()
        with (
            suppress(IndexError, OSError),
            socket.socket(fileno=self._attached.pop()) as attached,
        ):
            attached.shutdown(socket.SHUT_RDWR)


def client_disconnected() -> Cancelled:
    """Return the default reason of a cancelled request."""
    return Cancelled("the client has left")
