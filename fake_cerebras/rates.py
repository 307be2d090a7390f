"""The x-ratelimit headers: names quoted, numbers of a small account made up."""

from __future__ import annotations

SPANS_S = {"minute": 60, "hour": 3_600, "day": 86_400}
REQUESTS = {"minute": 30, "hour": 900, "day": 14_400}
TOKENS = {"minute": 60_000, "hour": 1_000_000, "day": 1_000_000}


def headers(now: float) -> dict[str, str]:
    """Resets are seconds, floats as text. Nothing is enforced: scripts do that."""
    named: dict[str, str] = {}
    for kind, limits in (("requests", REQUESTS), ("tokens", TOKENS)):
        for span, limit in limits.items():
            reset = SPANS_S[span] - now % SPANS_S[span]
            named[f"x-ratelimit-limit-{kind}-{span}"] = str(limit)
            named[f"x-ratelimit-remaining-{kind}-{span}"] = str(limit - 1)
            named[f"x-ratelimit-reset-{kind}-{span}"] = str(reset)
    return named
