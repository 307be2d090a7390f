"""How many requests may be upstream at once, and who is next: callers take turns.

Known per worker only; losing it loses nothing.
"""

from __future__ import annotations

from threading import Event, Lock
from time import monotonic

from app import metrics
from app.errors import Cancelled, QueueFull
from app.http1.cancel import CancelToken
from app.upstream.fair_queue import FairQueue

# Ollama's own text, two spaces included: clients match on it.
FULL = "server busy, please try again.  maximum pending requests exceeded"

WAITS = metrics.WAITS.labels("slot")


class Slots:
    """`size` requests at once; `queue` more may wait for their turn."""

    def __init__(self, size: int, queue: int) -> None:
        self._free = size
        self._queue = queue
        self._waiting = FairQueue[Event]()
        self._lock = Lock()

    def take(self, cancel: CancelToken) -> None:
        """Take a slot, after a wait for it if need be; it is to be given back."""
        turn = self._turn(cancel.caller)
        if turn is not None:
            self._wait(turn, cancel)
        metrics.ACTIVE.inc()

    def give(self) -> None:
        metrics.ACTIVE.dec()
        self._hand_on()

    def _turn(self, caller: str) -> Event | None:
        """What is to be waited for, None if a slot was free."""
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            if len(self._waiting) >= self._queue:
                raise QueueFull(FULL)
            turn = Event()
            self._waiting.append(caller, turn)
            return turn

    def _wait(self, turn: Event, cancel: CancelToken) -> None:
        begun = monotonic()
        with metrics.QUEUED.track_inprogress():
            try:
                cancel.wait(turn)
            except Cancelled:
                self._leave(turn, cancel.caller)
                raise
        WAITS.observe(monotonic() - begun)

    def _hand_on(self) -> None:
        """Hand the slot to whoever is next."""
        with self._lock:
            if self._waiting:
                self._waiting.pop().set()
            else:
                self._free += 1

    def _leave(self, turn: Event, caller: str) -> None:
        """Stop waiting; a turn that came at the same moment is passed on."""
        with self._lock:
            if self._waiting.remove(caller, turn):
                return
        self._hand_on()
