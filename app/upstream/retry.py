"""How long to wait before another attempt. Pure: nothing here sleeps or sends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

FIRST_S = 0.5
LONGEST_S = 8.0
JITTER = 0.25


def delay(attempt: int, headers: Mapping[str, str], chance: float) -> float:
    """Seconds to wait after a failed attempt, told by the upstream if it does."""
    told = retry_after(headers)
    return backoff(attempt, chance) if told is None else told


def backoff(attempt: int, chance: float) -> float:
    """`attempt` counts from 0; `chance`, 0 to 1, parts those that failed together."""
    return min(FIRST_S * 2.0**attempt, LONGEST_S) * (1 - JITTER * chance)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After as seconds; a date counts from the answer's own, not our clock's."""
    value = headers.get("retry-after", "")
    until, now = date(value), date(headers.get("date", ""))
    if until and now:
        return max((until - now).total_seconds(), 0.0)
    return seconds(value)


def seconds(value: str) -> float | None:
    """A number of seconds; anything else is no answer."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None


def date(value: str) -> datetime | None:
    """An HTTP date, always with a zone."""
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None
