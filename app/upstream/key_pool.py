"""The API keys: which one is used next, and what is known about each key's quota.

No key is ever excluded. What is known may be outdated, and other workers or machines
may use the same key, so it only orders the choice. Logs name a key by its number, never
by its secret.
"""

import logging
import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import count

from app import metrics
from app.errors import UpstreamError
from app.upstream.quota import Opening

log = logging.getLogger(__name__)

REFUSED_KEY_REST_S = 300.0
# Between requests from the quota queue when the upstream does not say how many fit.
UNKNOWN_INTERVAL_S = 0.5

KEYS = {state: metrics.KEYS.labels(state) for state in ("ready", "resting", "refused")}


@dataclass
class Allowance:
    """What is known about one key's quota for one model. Times are the pool's clock.

    Attributes:
        opens_at: When the next request may be sent.
        spare: How many more requests may be sent together with that one.
        refused_at: When a request was last refused for quota.
        interval_s: Between one request and the next; None if unknown.
        full_at: When `size` requests may be sent at once.
        is_guess: Whether `opens_at` is a guess, not from headers.
    """

    opens_at: float = 0.0
    spare: int = 0
    refused_at: float = -math.inf
    interval_s: float | None = None
    full_at: float = math.inf
    size: float = math.inf
    is_guess: bool = False

    def close(self, opening: Opening, now: float) -> None:
        """Close until `opening`; a later refusal does not push back a known time."""
        opens_at = now + opening.wait_s
        is_known = self.opens_at > now and not self.is_guess
        self.opens_at = min(self.opens_at, opens_at) if is_known else opens_at
        self.is_guess = False
        self.spare = 0
        self.interval_s = opening.interval_s
        self.full_at = now + opening.reset_s
        self.size = opening.size

    def spend(self, now: float) -> None:
        """Count one request from the quota queue."""
        self.spare = max(self.spare - 1, 0)
        if not self.spare:
            self.opens_at = now + (self.interval_s or UNKNOWN_INTERVAL_S)
            self.is_guess = not self.interval_s

    def capacity(self, until: float) -> float:
        """Return how many requests fit until then, by the better kind of window."""
        if until < self.opens_at:
            return 0.0
        all_at_once = self.size if until >= self.full_at else 0.0
        if not self.interval_s:
            return math.inf
        one_by_one = (until - self.opens_at) // self.interval_s
        return max(1 + self.spare + one_by_one, all_at_once)


@dataclass(eq=False)
class Key:
    """One API key; `number` is its place in CEREBRAS_API_KEY, from 1."""

    number: int
    secret: str = field(repr=False)
    active: int = 0  # requests upstream with this key
    last_choice: int = 0  # a counter, to take turns
    refused_until: float = 0.0  # after a 401, 402 or 403
    allowances: defaultdict[str, Allowance] = field(
        default_factory=lambda: defaultdict(Allowance), repr=False
    )  # by model

    def opens_at(self, model: str) -> float:
        """Return when the key may next be used for a model."""
        return max(self.refused_until, self.allowances[model].opens_at)

    def state(self, now: float) -> str:
        """Return the label of the metric: refused, resting or ready."""
        if self.refused_until > now:
            return "refused"
        resting = any(each.opens_at > now for each in self.allowances.values())
        return "resting" if resting else "ready"


class KeyPool:
    """All configured keys. Not thread-safe."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self.keys = [Key(number, secret) for number, secret in enumerate(secrets, 1)]
        self._choices = count(1)
        self.publish_states(0.0)

    def choose(self, model: str, tried: Collection[Key], now: float) -> Key:
        """Return the least used open key, else the one that opens first.

        Keys in `tried` are avoided while there are others.
        """
        if len(self.keys) == 1:
            return self.keys[0]
        untried = [key for key in self.keys if key not in tried] or self.keys
        return min(untried, key=lambda key: _rank(key, model, now))

    def use(self, key: Key) -> None:
        """Count a request that is sent with the key."""
        key.active += 1
        key.last_choice = next(self._choices)

    def first_to_open(self, model: str) -> Key:
        """Return the key that may be used first for a model."""
        return min(self.keys, key=lambda key: key.opens_at(model))

    def rest_refused(self, key: Key, error: UpstreamError, now: float) -> None:
        """Avoid a key that was refused as such for REFUSED_KEY_REST_S."""
        if len(self.keys) > 1 and key.refused_until <= now:
            log.warning(
                "Key %d was refused (%s): it rests for %d minutes",
                key.number,
                error.upstream_status,
                REFUSED_KEY_REST_S // 60,
            )
        key.refused_until = now + REFUSED_KEY_REST_S

    def publish_states(self, now: float) -> None:
        """Set the metric of keys by state."""
        states = [key.state(now) for key in self.keys]
        for state, gauge in KEYS.items():
            gauge.set(states.count(state))


def _rank(key: Key, model: str, now: float) -> tuple[float, int, int]:
    opens_at = key.opens_at(model)
    return (opens_at if opens_at > now else 0.0, key.active, key.last_choice)
