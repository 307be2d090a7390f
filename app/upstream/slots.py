"""How many requests may be upstream at once, and who is next: first come, first served.

Known per worker only; losing it loses nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock

from app.errors import Cancelled, QueueFull
from app.upstream.cancel import Cancel

# Ollama's own text, two spaces included: clients match on it.
FULL = "server busy, please try again.  maximum pending requests exceeded"


class Slots:
    """`size` requests at once; `queue` more may wait for their turn."""

    def __init__(self, size: int, queue: int) -> None:
        self._free = size
        self._queue = queue
        self._waiting: deque[Event] = deque()
        self._lock = Lock()

    @contextmanager
    def taken(self, cancel: Cancel) -> Iterator[None]:
        """Hold a slot, after a wait for it if need be."""
        self._take(cancel)
        try:
            yield
        finally:
            self._give()

    def _take(self, cancel: Cancel) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if len(self._waiting) >= self._queue:
                raise QueueFull(FULL)
            turn = Event()
            self._waiting.append(turn)
        try:
            cancel.wait_for(turn)
        except Cancelled:
            self._leave(turn)
            raise

    def _give(self) -> None:
        """Hand the slot to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1

    def _leave(self, turn: Event) -> None:
        """Stop waiting; a turn that came at the same moment is passed on."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        self._give()
