"""Wait in gevent's loop until a socket is readable, then read it.

gevent's own `recv` reads first, fails, and makes a `Timeout` object for the wait: a
system call, an exception and a dozen function calls for every event of a stream. This
module avoids that with a few internals of gevent, which are used here and nowhere else:

* `socket.hub` and `socket._read_event`: the hub and the read watcher of a socket;
* `hub.wait(watcher)` and `loop.timer(...).again(...)`: wait with one reusable timer;
* `socket._sock`: the plain socket below gevent's.

If they are missing, and under plain threads, the read itself waits.
"""

import _socket
import socket
import sys
from collections.abc import Callable
from fcntl import ioctl
from termios import FIONREAD
from typing import Any

from gevent import getcurrent
from gevent.hub import Hub

MIN_WAIT_S = 0.001  # gevent never fires a timer of 0 seconds
NO_BYTES = bytes(4)


class ReadWaiter:
    """Waits for one socket again and again, with one timer for all waits."""

    def __init__(self, hub: Hub, read_watcher: Any) -> None:
        self._hub = hub
        self._read_watcher = read_watcher
        self._wait_s = 0.0
        self._timer: Any = None

    def __call__(self, wait_s: float) -> None:
        """Wait until the socket is readable; raise TimeoutError after `wait_s`."""
        if wait_s != self._wait_s:
            self._wait_s = wait_s
            self._timer = self._hub.loop.timer(wait_s, wait_s)
        self._timer.again(throw_timeout, getcurrent())
        try:
            self._hub.wait(self._read_watcher)
        finally:
            self._timer.stop()


def throw_timeout(greenlet: Any) -> None:
    """Raise TimeoutError in a greenlet; runs in the hub."""
    greenlet.throw(TimeoutError())


def read_waiter(sock: socket.socket) -> Callable[[float], object]:
    """Return a function that waits until `sock` is readable.

    It does nothing for a socket that is not gevent's: a plain socket with a timeout
    polls before it reads anyway.
    """
    hub, read_watcher = getattr(sock, "hub", None), getattr(sock, "_read_event", None)
    if isinstance(hub, Hub) and hasattr(read_watcher, "stop"):
        return ReadWaiter(hub, read_watcher)
    return no_wait


def no_wait(wait_s: float) -> None:
    """Return at once: the read itself waits."""


def bytes_available(sock: socket.socket) -> int:
    """Return how many bytes can be read without waiting."""
    return int.from_bytes(ioctl(sock.fileno(), FIONREAD, NO_BYTES), sys.byteorder)


def unwrapped(sock: socket.socket) -> _socket.socket:
    """Return the socket below gevent's wrapper, or `sock` itself."""
    below = getattr(sock, "_sock", None)
    return below if isinstance(below, _socket.socket) else sock
