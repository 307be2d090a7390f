"""What keys may ask for: buckets of requests and of tokens, for each key and model.

Tokens are reserved up front, by the prompt and the cap, and none come back; what is
refused takes nothing. It knows no HTTP, and time comes in as an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fake_cerebras.errors import Refused, named

SPAN_S = 60.0
CAPS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True)
class Tier:
    """What a minute holds, and what is reserved for an answer without a cap."""

    requests: int
    tokens: int
    longest: int


TIERS = {
    "free": Tier(requests=5, tokens=30_000, longest=32_768),
    "paid": Tier(requests=1_000, tokens=1_000_000, longest=40_960),
}
REFILLS = ("steady", "at_once")


class Bucket:
    """Full at first; it refills all the time, or at once as a minute begins."""

    def __init__(self, size: int, refill: str, now: float) -> None:
        self.size = size
        self._steady = refill == "steady"
        self._level = float(size)
        self._at = now

    def level(self, now: float) -> float:
        if self._steady:
            self._level += (now - self._at) * self.size / SPAN_S
        elif now // SPAN_S > self._at // SPAN_S:
            self._level = self.size
        self._at = now
        self._level = min(self._level, self.size)
        return self._level

    def take(self, number: float) -> None:
        self._level -= number


class Account:
    """One key's quota for one model."""

    def __init__(self, tier: Tier, refill: str, now: float) -> None:
        self._tier = tier
        self.requests = Bucket(tier.requests, refill, now)
        self.tokens = Bucket(tier.tokens, refill, now)

    def admit(self, prompt_tokens: int, body: Mapping[str, Any], now: float) -> None:
        """Take what the request reserves, or refuse it."""
        reserved = prompt_tokens + self._cap(body)
        if self.requests.level(now) < 1:
            raise self._refusal("request_quota_exceeded", now)
        if self.tokens.level(now) < reserved:
            raise self._refusal("token_quota_exceeded", now)
        self.requests.take(1)
        self.tokens.take(reserved)

    def headers(self, now: float) -> dict[str, str]:
        """Resets are told by the calendar, however a bucket refills (quoted so)."""
        named: dict[str, str] = {}
        for kind, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            named[f"x-ratelimit-limit-{kind}-minute"] = str(bucket.size)
            named[f"x-ratelimit-remaining-{kind}-minute"] = str(int(bucket.level(now)))
            named[f"x-ratelimit-reset-{kind}-minute"] = str(SPAN_S - now % SPAN_S)
        return named

    def _cap(self, body: Mapping[str, Any]) -> int:
        caps: list[int] = [body[name] for name in CAPS if body.get(name) is not None]
        return min([self._tier.longest, *(cap for cap in caps if cap >= 0)])

    def _refusal(self, name: str, now: float) -> Refused:
        refused = named(name)
        return Refused(refused.status, refused.body, self.headers(now))


class Accounts:
    """The quota of every key; those without a tier have none to keep to."""

    def __init__(self, tier: str | None = None, refill: str = REFILLS[0]) -> None:
        self._default = tier
        self._default_refill = refill
        self.clear()

    def clear(self) -> None:
        """As at the start: full buckets, the tiers of the start."""
        self._tiers: dict[str, str] = {}
        self._refill = self._default_refill
        self._accounts: dict[tuple[str, str], Account] = {}

    def open(self, key: str, tier: str, refill: str) -> None:
        """Give a key a tier, and full buckets."""
        if tier not in TIERS or refill not in REFILLS:
            raise ValueError(f"tiers: {sorted(TIERS)}, refills: {sorted(REFILLS)}")
        self._tiers[key] = tier
        self._refill = refill
        for known in [each for each in self._accounts if each[0] == key]:
            del self._accounts[known]

    def find(self, key: str, model: str, now: float) -> Account | None:
        tier = self._tiers.get(key, self._default)
        if tier is None:
            return None
        if (key, model) not in self._accounts:
            opened = Account(TIERS[tier], self._refill, now)
            self._accounts[key, model] = opened
        return self._accounts[key, model]
