"""Quota: buckets for each organisation and model, their clock, and rate headers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fake_cerebras.errors import ApiError, named_error

MINUTE_S = 60.0
CAPS = ("max_completion_tokens", "max_tokens")
REFILLS = ("steady", "at_once")


@dataclass(frozen=True)
class Tier:
    """Limits of a minute, and the tokens reserved for a request without a cap."""

    requests: int
    uncached_tokens: int
    total_tokens: int
    default_cap: int


TIERS = {
    "free": Tier(
        requests=5, uncached_tokens=30_000, total_tokens=90_000, default_cap=32_768
    ),
    "paid": Tier(
        requests=1_000,
        uncached_tokens=1_000_000,
        total_tokens=3_000_000,
        default_cap=40_960,
    ),
}
# Models with limits of their own.
TIERS_BY_MODEL = {
    ("paid", "qwen-3.8-27b"): Tier(
        requests=300,
        uncached_tokens=150_000,
        total_tokens=750_000,
        default_cap=40_960,
    ),
}


class Clock:
    """The time of quota and prompt cache, in seconds since 1970.

    It is real, accelerated or stopped.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._initial_speed = speed
        self.reset()

    def __call__(self) -> float:
        return self._offset + (time.time() - self._started) * self._speed

    def reset(self) -> None:
        """Run again, from the real time."""
        self._offset = self._started = time.time()
        self._speed = self._initial_speed

    def stop(self, at: float) -> None:
        self._offset, self._speed = at, 0.0

    def advance(self, seconds: float) -> None:
        self._offset += seconds


class TokenBucket:
    """A bucket, full at first, that refills continuously or when a minute begins."""

    def __init__(self, size: int, refill: str, now: float) -> None:
        self.size = size
        self._steady = refill == "steady"
        self._level = float(size)
        self._updated_at = now

    def level(self, now: float) -> float:
        if self._steady:
            self._level += (now - self._updated_at) * self.size / MINUTE_S
        elif now // MINUTE_S > self._updated_at // MINUTE_S:
            self._level = self.size
        self._updated_at = now
        self._level = min(self._level, self.size)
        return self._level

    def take(self, amount: float) -> None:
        self._level -= amount


class Quota:
    """The buckets of one organisation for one model.

    Cached tokens of prompts count only in the bucket of all tokens. Guess: already
    when the tokens of a request are reserved.
    """

    def __init__(self, tier: Tier, refill: str, now: float) -> None:
        self._tier = tier
        self._requests = TokenBucket(tier.requests, refill, now)
        self._uncached = TokenBucket(tier.uncached_tokens, refill, now)
        self._total = TokenBucket(tier.total_tokens, refill, now)

    def reserve(
        self,
        prompt_tokens: int,
        body: Mapping[str, Any],
        now: float,
        cached_tokens: int = 0,
    ) -> None:
        """Take one request and its tokens (prompt and cap), or raise the 429.

        Reserved tokens are never returned; a refused request takes nothing.
        """
        total = prompt_tokens + self._cap(body)
        uncached = total - cached_tokens
        if self._requests.level(now) < 1:
            raise self._error("request_quota_exceeded", now)
        if self._uncached.level(now) < uncached:
            raise self._error("token_quota_exceeded", now)
        if self._total.level(now) < total:
            raise self._error("total_token_quota_exceeded", now)
        self._requests.take(1)
        self._uncached.take(uncached)
        self._total.take(total)

    def headers(self, now: float) -> dict[str, str]:
        """Return the rate headers; resets count to the end of the calendar's minute.

        Guess: those of tokens describe the bucket of uncached tokens. Names of headers
        for the other one are unknown, so it has none.
        """
        headers: dict[str, str] = {}
        for kind, bucket in (("requests", self._requests), ("tokens", self._uncached)):
            remaining = int(bucket.level(now))
            headers |= rate_headers(kind, "minute", bucket.size, remaining, now)
        return headers

    def _cap(self, body: Mapping[str, Any]) -> int:
        caps: list[int] = [body[name] for name in CAPS if body.get(name) is not None]
        return min([self._tier.default_cap, *(cap for cap in caps if cap >= 0)])

    def _error(self, name: str, now: float) -> ApiError:
        error = named_error(name)
        return ApiError(error.status, error.body, self.headers(now))


class Quotas:
    """The quotas of all organisations; one without a tier has none."""

    def __init__(self, tier: str | None = None, refill: str = REFILLS[0]) -> None:
        self._initial_tier = tier
        self._initial_refill = refill
        self.reset()

    def reset(self) -> None:
        """Return to full buckets and to the tier given at the start."""
        self._tiers: dict[str, str] = {}
        self._refill = self._initial_refill
        self._quotas: dict[tuple[str, str], Quota] = {}

    def set_tier(self, organisation: str, tier: str, refill: str) -> None:
        """Give an organisation a tier and full buckets."""
        if tier not in TIERS or refill not in REFILLS:
            raise ValueError(f"tiers: {sorted(TIERS)}, refills: {sorted(REFILLS)}")
        self._tiers[organisation] = tier
        self._refill = refill
        others = {k: v for k, v in self._quotas.items() if k[0] != organisation}
        self._quotas = others

    def find(self, organisation: str, model: str, now: float) -> Quota | None:
        name = self._tiers.get(organisation, self._initial_tier)
        if name is None:
            return None
        if (organisation, model) not in self._quotas:
            tier = TIERS_BY_MODEL.get((name, model), TIERS[name])
            self._quotas[organisation, model] = Quota(tier, self._refill, now)
        return self._quotas[organisation, model]


WINDOWS_S = {"minute": 60, "hour": 3_600, "day": 86_400}
# Sent without a tier: names are quoted, numbers are made up and not enforced.
DEFAULT_LIMITS = {
    "requests": {"minute": 30, "hour": 900, "day": 14_400},
    "tokens": {"minute": 60_000, "hour": 1_000_000, "day": 1_000_000},
}


def default_headers(now: float) -> dict[str, str]:
    headers: dict[str, str] = {}
    for kind, limits in DEFAULT_LIMITS.items():
        for window, limit in limits.items():
            headers |= rate_headers(kind, window, limit, limit - 1, now)
    return headers


def rate_headers(
    kind: str, window: str, limit: int, remaining: int, now: float
) -> dict[str, str]:
    """Return three headers; the reset is in seconds, a float as text."""
    reset = WINDOWS_S[window] - now % WINDOWS_S[window]
    return {
        f"x-ratelimit-limit-{kind}-{window}": str(limit),
        f"x-ratelimit-remaining-{kind}-{window}": str(remaining),
        f"x-ratelimit-reset-{kind}-{window}": str(reset),
    }
