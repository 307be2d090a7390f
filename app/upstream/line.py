"""Those that wait until quota allows them to go: callers in turn, no crowd at once.

Driven by a clock that it is given, and waiting nowhere itself: a whole day can be
played in a second. One line for each model, of all keys. Not for threads by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

from app.upstream import quota
from app.upstream.keys import Key, Keys
from app.upstream.quota import Opening
from app.upstream.turns import Turns

UNTOLD_SPARE = 2  # let go by each answer that tells nothing: twice as many each time


@dataclass(eq=False)
class Ticket:
    """One that waits; `turn` is set whenever it had better look again."""

    caller: str
    tokens: float  # what it needs, by estimate
    until: float  # it waits no longer than this
    turn: Event = field(default_factory=Event)
    key: Key | None = None  # which it may go with


class Line:
    def __init__(self, model: str, keys: Keys, clock: Callable[[], float]) -> None:
        self._model = model
        self._keys = keys
        self._clock = clock
        self._waiting = Turns[Ticket]()

    def join(self, ticket: Ticket, *, again: bool) -> bool:
        """False when its turn would come too late; `again`: it has waited before."""
        ahead = 0 if again else self._waiting.ahead_of(ticket.caller)
        if self._capacity(ticket.until) <= ahead:
            return False
        enter = self._waiting.rejoin if again else self._waiting.join
        enter(ticket.caller, ticket)
        self._call()
        return True

    def look(self, ticket: Ticket) -> float | None:
        """Seconds until it had better look again: 0 to go, None to give up."""
        ticket.turn.clear()
        now = self._clock()
        if ticket.key is None and self._waiting.next() is ticket:
            self._let_go(now)
        if ticket.key is not None:
            return 0.0
        if now >= ticket.until:
            self.leave(ticket)
            return None
        return self._next_look(ticket) - now

    def leave(self, ticket: Ticket) -> None:
        """Stop waiting; a turn that has come is passed on."""
        if self._waiting.leave(ticket.caller, ticket):
            self._call()
        elif ticket.key is not None:
            spare = ticket.key.allowances[self._model].spare
            self._allow(ticket.key, self._clock(), spare + 1)

    def refuse(self, key: Key, opening: Opening) -> None:
        """Quota has refused a request with this key."""
        now = self._clock()
        allowance = key.allowances[self._model]
        allowance.refused = now
        allowance.rest(opening, now)
        self._call()

    def learn(self, key: Key, headers: Mapping[str, str], sent: float) -> bool:
        """A request with this key, sent then, was answered; whether that is news."""
        head = self._waiting.next()
        allowance = key.allowances[self._model]
        if head is None and not quota.used_up(headers) and not allowance.due:
            return False
        now = self._clock()
        tokens = head.tokens if head else 1.0
        opening = quota.closed(headers, tokens)
        if opening:
            allowance.rest(opening, now)
        elif sent > allowance.refused:
            spare = quota.spare(headers, tokens)
            self._allow(key, now, UNTOLD_SPARE if spare is None else spare)
        return True

    def _allow(self, key: Key, now: float, number: int) -> None:
        """So many may go now."""
        allowance = key.allowances[self._model]
        allowance.due = now if self._waiting else 0.0
        allowance.spare = number
        self._call()

    def _let_go(self, now: float) -> None:
        key = self._keys.soonest(self._model)
        if key.due(self._model) <= now:
            self._waiting.take().key = key
            key.allowances[self._model].spend(now)
            self._call()

    def _call(self) -> None:
        """Have whoever is next look again."""
        head = self._waiting.next()
        if head is not None:
            head.turn.set()

    def _next_look(self, ticket: Ticket) -> float:
        if self._waiting.next() is not ticket:
            return ticket.until
        return min(self._keys.soonest(self._model).due(self._model), ticket.until)

    def _capacity(self, until: float) -> float:
        return sum(
            key.allowances[self._model].capacity(until)
            for key in self._keys.all
            if key.refused_until <= until
        )
