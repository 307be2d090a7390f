"""Waits for a socket in gevent's loop, before it is read and at little cost.

gevent reads before it waits, and fails, and makes a Timeout object for each wait: a
system call, an exception and a dozen calls for every event of a stream. All that leans
on its insides to do without is in this file; where they are not as expected, and under
plain threads, the read itself waits.
"""

from __future__ import annotations

import _socket
import socket
import sys
from collections.abc import Callable
from fcntl import ioctl
from termios import FIONREAD
from typing import Any

from gevent import getcurrent
from gevent.hub import Hub

SHORTEST_S = 0.001  # of a wait: a timer of 0 never goes off
NO_BYTES = bytes(4)


class Wait:
    """Waits for one socket again and again, with one timer for all of its waits."""

    def __init__(self, hub: Hub, readable: Any) -> None:
        self._hub = hub
        self._readable = readable
        self._wait_s = 0.0
        self._timer: Any = None

    def __call__(self, wait_s: float) -> None:
        """Until the socket can be read; TimeoutError after `wait_s`."""
        if wait_s != self._wait_s:
            self._wait_s = wait_s
            self._timer = self._hub.loop.timer(wait_s, wait_s)
        self._timer.again(expire, getcurrent())
        try:
            self._hub.wait(self._readable)
        finally:
            self._timer.stop()


def expire(waiting: Any) -> None:
    """Runs in the hub."""
    waiting.throw(TimeoutError())


def waiter(sock: socket.socket) -> Callable[[float], object]:
    """What waits until a socket is readable, if waiting first saves anything.

    A plain socket with a timeout polls before it reads.
    """
    hub, readable = getattr(sock, "hub", None), getattr(sock, "_read_event", None)
    if isinstance(hub, Hub) and hasattr(readable, "stop"):
        return Wait(hub, readable)
    return no_wait


def no_wait(wait_s: float) -> None:
    """The read itself waits."""


def arrived(sock: socket.socket) -> int:
    """How many bytes can be read at once; to find none this way is no exception."""
    return int.from_bytes(ioctl(sock.fileno(), FIONREAD, NO_BYTES), sys.byteorder)


def bare(sock: socket.socket) -> _socket.socket:
    """The socket below gevent's, which reads without its wrapping."""
    below = getattr(sock, "_sock", None)
    return below if isinstance(below, _socket.socket) else sock
