"""Requests that wait until a key's quota allows them, fair to callers.

When quota opens, one request is sent; the headers of its response say how many may
follow. The queue never sleeps and its clock is an argument, so that a test can run
through a day in a second.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

from app.upstream import quota
from app.upstream.fair_queue import FairQueue
from app.upstream.key_pool import Key, KeyPool
from app.upstream.quota import Opening

# Requests released by a response without rate headers. Each of their responses
# releases as many again, so the number doubles.
RELEASED_WITHOUT_HEADERS = 2


@dataclass(eq=False)
class Waiter:
    """A request in the queue."""

    caller: str
    tokens: float  # the estimated need
    until: float  # when it gives up, by the queue's clock
    wakeup: Event = field(default_factory=Event)  # set when it should poll again
    key: Key | None = None  # set when its turn has come


class QuotaQueue:
    """The waiting requests of one model, for all keys. Not thread-safe."""

    def __init__(
        self, model: str, key_pool: KeyPool, clock: Callable[[], float]
    ) -> None:
        self._model = model
        self._key_pool = key_pool
        self._clock = clock
        self._waiting = FairQueue[Waiter]()

    def enter(self, waiter: Waiter, *, again: bool) -> bool:
        """Return False if the turn would come too late.

        `again`: the request has waited before, so it goes to the front.
        """
        ahead = 0 if again else self._waiting.count_ahead(waiter.caller)
        if self._capacity(waiter.until) <= ahead:
            return False
        add = self._waiting.prepend if again else self._waiting.append
        add(waiter.caller, waiter)
        self._wake_first()
        return True

    def poll(self, waiter: Waiter) -> float | None:
        """Return the seconds until the next poll; 0 on its turn, None on timeout."""
        waiter.wakeup.clear()
        now = self._clock()
        if waiter.key is None and self._waiting.peek() is waiter:
            self._release_first(now)
        if waiter.key is not None:
            return 0.0
        if now >= waiter.until:
            self.leave(waiter)
            return None
        return self._next_poll(waiter) - now

    def leave(self, waiter: Waiter) -> None:
        """Stop waiting; if its turn had come, the next request gets it."""
        if self._waiting.remove(waiter.caller, waiter):
            self._wake_first()
        elif waiter.key is not None:
            spare = waiter.key.allowances[self._model].spare
            self._open(waiter.key, self._clock(), spare + 1)

    def record_refusal(self, key: Key, opening: Opening) -> None:
        """Close the key's quota until `opening`, after a 429."""
        now = self._clock()
        allowance = key.allowances[self._model]
        allowance.refused_at = now
        allowance.close(opening, now)
        self._wake_first()

    def record_response(
        self, key: Key, headers: Mapping[str, str], sent_at: float
    ) -> bool:
        """Update the key's quota after a 200; return whether it changed.

        `sent_at` is when the request was sent.
        """
        first = self._waiting.peek()
        allowance = key.allowances[self._model]
        if not (first or quota.is_exhausted(headers) or allowance.opens_at):
            return False
        now = self._clock()
        tokens = first.tokens if first else 1.0
        opening = quota.next_opening(headers, tokens)
        if opening:
            allowance.close(opening, now)
        elif sent_at > allowance.refused_at:
            left = quota.requests_left(headers, tokens)
            self._open(key, now, RELEASED_WITHOUT_HEADERS if left is None else left)
        return True

    def _open(self, key: Key, now: float, number: int) -> None:
        """Allow `number` requests now."""
        allowance = key.allowances[self._model]
        allowance.opens_at = now if self._waiting else 0.0
        allowance.spare = number
        self._wake_first()

    def _release_first(self, now: float) -> None:
        key = self._key_pool.first_to_open(self._model)
        if key.opens_at(self._model) <= now:
            self._waiting.pop().key = key
            key.allowances[self._model].spend(now)
            self._wake_first()

    def _wake_first(self) -> None:
        first = self._waiting.peek()
        if first is not None:
            first.wakeup.set()

    def _next_poll(self, waiter: Waiter) -> float:
        if self._waiting.peek() is not waiter:
            return waiter.until
        opens_at = self._key_pool.first_to_open(self._model).opens_at(self._model)
        return min(opens_at, waiter.until)

    def _capacity(self, until: float) -> float:
        return sum(
            key.allowances[self._model].capacity(until)
            for key in self._key_pool.keys
            if key.refused_until <= until
        )
