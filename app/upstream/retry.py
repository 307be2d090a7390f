"""How long to wait before another attempt. Pure: nothing here sleeps or sends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

RETRIED = {408, 429, *range(500, 600)}
FIRST_S = 0.5
LONGEST_S = 8.0
JITTER = 0.25
REMAINING = "x-ratelimit-remaining-"
RESET = "x-ratelimit-reset-"


def delay(
    attempt: int, status: int | None, headers: Mapping[str, str], chance: float
) -> float | None:
    """Seconds to wait after a failed attempt, None when another would be pointless.

    `attempt` counts from 0, a lost connection has no status, and `chance`, from 0 to 1,
    keeps those that failed together from coming back together.
    """
    if status is not None and status not in RETRIED:
        return None
    told = told_delay(status, {name.lower(): headers[name] for name in headers})
    if told is not None:
        return told
    return min(FIRST_S * 2.0**attempt, LONGEST_S) * (1 - JITTER * chance)


def told_delay(status: int | None, headers: Mapping[str, str]) -> float | None:
    """What the upstream itself says, if it does."""
    told = retry_after(headers)
    if told is None and status == HTTPStatus.TOO_MANY_REQUESTS:
        return exhausted(headers)
    return told


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After as seconds; a date counts from the answer's own, not our clock's."""
    value = headers.get("retry-after", "")
    until, now = date(value), date(headers.get("date", ""))
    if until and now:
        return max((until - now).total_seconds(), 0.0)
    return seconds(value)


def exhausted(headers: Mapping[str, str]) -> float | None:
    """When the last of the used-up windows opens again."""
    resets = [
        seconds(headers.get(RESET + name.removeprefix(REMAINING), ""))
        for name in headers
        if name.startswith(REMAINING) and seconds(headers[name]) == 0
    ]
    return max((reset for reset in resets if reset is not None), default=None)


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
