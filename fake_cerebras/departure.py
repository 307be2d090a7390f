"""Notices at once that the client went away, whatever the server is doing."""

from __future__ import annotations

import socket
from collections.abc import Callable

import gevent
from gevent.event import Event
from gevent.socket import wait_read


class ClientLeft(Exception):
    """Nobody reads the answer any more."""


class Departure:
    """Watches one client's socket for as long as its request is worked on.

    A client that only closes its sending half counts as gone too.
    """

    def __init__(self, connection: socket.socket, on_left: Callable[[], None]) -> None:
        self._connection = connection
        self._on_left = on_left
        self._left = Event()
        self._watcher = gevent.spawn(self._watch)

    def wait(self, seconds: float | None = None, until: Event | None = None) -> None:
        """Wait for a time, for `until`, or for ever; raise as soon as the client left.

        Zero seconds let the other requests run and look.
        """
        events = [self._left] if until is None else [self._left, until]
        if seconds is not None and seconds <= 0:
            gevent.sleep(0)
        else:
            gevent.wait(events, timeout=seconds, count=1)
        if self._left.is_set():
            raise ClientLeft

    def stop(self) -> None:
        self._watcher.kill()

    def _watch(self) -> None:
        wait_read(self._connection.fileno())
        try:
            more = self._connection.recv(1, socket.MSG_PEEK)
        except OSError:
            more = b""
        if not more:  # else a next request has come early: its sender is still there
            self._on_left()
            self._left.set()
