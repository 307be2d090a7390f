"""What response headers say about a key's quota; pure functions.

A rate-limit window is either a bucket that refills continuously or a counter that is
reset at the end of the window. Cerebras documents the first, and its headers look
like the second. The functions here assume whichever allows a request sooner; if that
was wrong, the headers of the next response correct it.

Header names are in lower case.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

SPANS_S = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
WINDOWS = {
    f"{kind}-{span}": (kind, span_s)
    for kind in ("requests", "tokens")
    for span, span_s in SPANS_S.items()
}
ROUNDING = 0.5  # headers give whole numbers: on average this much was cut off
REMAINING = {name: f"x-ratelimit-remaining-{name}" for name in WINDOWS}
LIMIT = "x-ratelimit-limit-"
RESET = "x-ratelimit-reset-"


class Window(NamedTuple):
    """One rate-limit window, as its headers describe it."""

    kind: str  # requests or tokens
    span_s: float
    remaining: float
    limit: float | None = None
    reset_s: float | None = None

    def opens_in(self, need: float) -> float | None:
        """Return in how many seconds `need` fits; None if the headers do not say."""
        if need <= self.remaining:
            return 0.0
        if not self.limit or need > self.limit:
            return self.reset_s
        missing = need - self.remaining - ROUNDING
        refilled_s = missing * self.span_s / self.limit
        return min(refilled_s, self.reset_s or math.inf)


class Opening(NamedTuple):
    """When quota allows another request, and how many after that one."""

    wait_s: float
    interval_s: float | None = None  # between one request and the next; None: unknown
    reset_s: float = math.inf  # until `size` requests are allowed at once
    size: float = math.inf

    @property
    def retry_after_s(self) -> float:
        """Seconds after which quota is open, whichever kind the window is."""
        return self.wait_s if math.isinf(self.reset_s) else self.reset_s


def windows(headers: Mapping[str, str]) -> Iterator[Window]:
    """Yield the windows that the headers describe."""
    for name, header in REMAINING.items():
        remaining = non_negative(headers.get(header, ""))
        if remaining is not None:
            limit = non_negative(headers.get(LIMIT + name, ""))
            reset_s = non_negative(headers.get(RESET + name, ""))
            yield Window(*WINDOWS[name], remaining, limit, reset_s)


def requests_left(headers: Mapping[str, str], tokens: float) -> int | None:
    """Return how many requests of `tokens` each fit now; None if headers are absent."""
    needs = {"requests": 1.0, "tokens": tokens}
    fitting = [int(each.remaining // needs[each.kind]) for each in windows(headers)]
    return min(fitting, default=None)


def tokens_left(headers: Mapping[str, str]) -> float:
    """Return the tokens left in this minute; 0 if the header is absent."""
    return non_negative(headers.get(REMAINING["tokens-minute"], "")) or 0.0


def is_exhausted(headers: Mapping[str, str]) -> bool:
    """Return whether a window has nothing left. Cheap: runs for every response."""
    return "0" in map(headers.get, REMAINING.values())


def opening_after_refusal(headers: Mapping[str, str], tokens: float) -> Opening | None:
    """Return when a refused request of `tokens` fits; None if the headers do not say.

    Retry-After takes precedence over the windows.
    """
    wait_s = retry_after(headers)
    return next_opening(headers, tokens) if wait_s is None else Opening(wait_s)


def next_opening(headers: Mapping[str, str], tokens: float) -> Opening | None:
    """Return when a request of `tokens` fits; None if it fits now.

    Every window must have room, so the one that opens last decides.
    """
    needs = {"requests": 1.0, "tokens": tokens}
    openings = [_opening(each, needs[each.kind]) for each in windows(headers)]
    closed = [each for each in openings if each and each.wait_s > 0]
    return max(closed, key=lambda each: each.wait_s, default=None)


def _opening(window: Window, need: float) -> Opening | None:
    wait_s = window.opens_in(need)
    if wait_s is None:
        return None
    if not window.limit:
        return Opening(wait_s)
    return Opening(
        wait_s,
        interval_s=need * window.span_s / window.limit,
        reset_s=window.reset_s if window.reset_s is not None else math.inf,
        size=max(window.limit // need, 1),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return Retry-After in seconds; None if it is absent or invalid.

    A date is compared with the response's own Date, not with the local clock.
    """
    value = headers.get("retry-after", "")
    until, now = parse_date(value), parse_date(headers.get("date", ""))
    if until and now:
        return max((until - now).total_seconds(), 0.0)
    return non_negative(value)


def non_negative(value: str) -> float | None:
    """Return a finite number of at least 0; None for any other text."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None


def parse_date(value: str) -> datetime | None:
    """Return an HTTP date with its time zone; None for any other text."""
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None
