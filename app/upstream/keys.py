"""The keys of the pool: which one goes next, and what is known of each.

Nothing here forbids a key: resting only orders the choice, for what we know may be
old, and another worker or machine may share the key. A key is told by its place.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import count

from app import metrics
from app.upstream.quota import Opening

REFUSED_S = 300.0  # how long a key rests that was refused
PACE_S = 0.5  # between requests that waited, when nothing tells how many may go

KEYS = {state: metrics.KEYS.labels(state) for state in ("ready", "resting", "refused")}


@dataclass
class Allowance:
    """What is known of one key's quota for one model; times are the pool's clock's."""

    due: float = 0.0  # when the next request may go
    spare: int = 0  # how many more may go with it
    refused: float = -math.inf  # when quota last refused one
    interval_s: float | None = None  # from one to the next
    refilled: float = math.inf  # when `size` may go at once
    size: float = math.inf
    guessed: bool = False  # nothing told when the next may go

    def rest(self, opening: Opening, now: float) -> None:
        """Those that come meanwhile, and are refused too, postpone nobody's turn."""
        due = now + opening.wait_s
        known = self.due > now and not self.guessed
        self.due = min(self.due, due) if known else due
        self.guessed = False
        self.spare = 0
        self.interval_s = opening.interval_s
        self.refilled = now + opening.reset_s
        self.size = opening.size

    def spend(self, now: float) -> None:
        """Let one go that has waited."""
        self.spare = max(self.spare - 1, 0)
        if not self.spare:
            self.due = now + (self.interval_s or PACE_S)
            self.guessed = not self.interval_s

    def capacity(self, until: float) -> float:
        """How many may go until then, by the better of what a window may be."""
        if until < self.due:
            return 0.0
        all_at_once = self.size if until >= self.refilled else 0.0
        if not self.interval_s:
            return math.inf
        one_by_one = (until - self.due) // self.interval_s
        return max(1 + self.spare + one_by_one, all_at_once)


@dataclass(eq=False)
class Key:
    """One key; `place` counts from 1."""

    place: int
    secret: str = field(repr=False)
    active: int = 0  # requests that are upstream with it
    used: int = 0  # when it was last chosen, in choices
    refused_until: float = 0.0
    allowances: defaultdict[str, Allowance] = field(
        default_factory=lambda: defaultdict(Allowance), repr=False
    )

    def due(self, model: str) -> float:
        return max(self.refused_until, self.allowances[model].due)

    def state(self, now: float) -> str:
        if self.refused_until > now:
            return "refused"
        resting = any(each.due > now for each in self.allowances.values())
        return "resting" if resting else "ready"


class Keys:
    """Never empty, whatever rests; not for several threads at once."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self.all = [Key(place, secret) for place, secret in enumerate(secrets, 1)]
        self._choices = count(1)
        self.tell(0.0)

    def choose(self, model: str, tried: Collection[Key], now: float) -> Key:
        """The least loaded of those that are ready, else the one due soonest."""
        if len(self.all) == 1:
            return self.all[0]
        untried = [key for key in self.all if key not in tried] or self.all
        return min(untried, key=lambda key: rank(key, model, now))

    def use(self, key: Key) -> None:
        key.active += 1
        key.used = next(self._choices)

    def soonest(self, model: str) -> Key:
        return min(self.all, key=lambda key: key.due(model))

    def tell(self, now: float) -> None:
        """Record how many are in which state."""
        states = [key.state(now) for key in self.all]
        for state, gauge in KEYS.items():
            gauge.set(states.count(state))


def rank(key: Key, model: str, now: float) -> tuple[float, int, int]:
    due = key.due(model)
    return (due if due > now else 0.0, key.active, key.used)
