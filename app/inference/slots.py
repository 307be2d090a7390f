"""Limit the requests that this worker sends at once, and cancel all of them."""

from threading import Event, Lock
from time import monotonic

from app import metrics
from app.errors import Cancelled, QueueFull, ServerStopping
from app.http1.cancel import CancelToken
from app.upstream.fair_queue import FairQueue

# Ollama's own text, two spaces included: clients match on it.
QUEUE_FULL = "server busy, please try again.  maximum pending requests exceeded"
# Seconds until another process has taken over, or this server is back.
STOPPING_RETRY_AFTER_S = 5.0

slot_wait_s = metrics.WAITS.labels("slot")


class Slots:
    """Permission for `size` requests to be upstream; `queue` more may wait for it."""

    def __init__(self, size: int, queue: int) -> None:
        self._free = size
        self._queue = queue
        self._waiting = FairQueue[Event]()
        self._lock = Lock()

    def take(self, cancel: CancelToken) -> None:
        """Take a slot, or wait until one is free; `give` must be called afterwards.

        Raise QueueFull if the queue is full, Cancelled if the wait is cancelled.
        """
        turn = self._enqueue(cancel.caller)
        if turn is not None:
            self._wait(turn, cancel)
        metrics.ACTIVE.inc()

    def give(self) -> None:
        """Give a slot back."""
        metrics.ACTIVE.dec()
        self._hand_on()

    def _enqueue(self, caller: str) -> Event | None:
        """Return the event to wait for, None if a slot was free."""
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            if len(self._waiting) >= self._queue:
                raise QueueFull(QUEUE_FULL)
            turn = Event()
            self._waiting.append(caller, turn)
            return turn

    def _wait(self, turn: Event, cancel: CancelToken) -> None:
        started = monotonic()
        with metrics.QUEUED.track_inprogress():
            try:
                cancel.wait(turn)
            except Cancelled:
                self._leave_queue(turn, cancel.caller)
                raise
        slot_wait_s.observe(monotonic() - started)

    def _hand_on(self) -> None:
        """Hand a slot to the next waiting request."""
        with self._lock:
            if self._waiting:
                self._waiting.pop().set()
            else:
                self._free += 1

    def _leave_queue(self, turn: Event, caller: str) -> None:
        """Stop waiting; hand on a slot that was assigned at the same moment."""
        with self._lock:
            if self._waiting.remove(caller, turn):
                return
        self._hand_on()


class RunningRequests:
    """The cancel tokens of all requests of this worker.

    Attributes:
        stopping: The server shuts down; `/readyz` reports it.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._all_cancelled = False
        self._tokens: set[CancelToken] = set()

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, cancel: CancelToken) -> None:
        """Add a request; it is cancelled at once after `cancel_all`."""
        self._tokens.add(cancel)
        if self._all_cancelled:
            cancel.cancel(server_stopping)

    def remove(self, cancel: CancelToken) -> None:
        """Remove a request that has ended."""
        self._tokens.discard(cancel)

    def cancel_all(self) -> None:
        """Cancel all requests, and those that are added later."""
        self._all_cancelled = True
        for cancel in tuple(self._tokens):
            cancel.cancel(server_stopping)


def server_stopping() -> ServerStopping:
    """Return the error of a request that a shutdown cancels."""
    return ServerStopping(
        "the server is stopping, please try again",
        retry_after=STOPPING_RETRY_AFTER_S,
    )
