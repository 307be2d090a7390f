"""What the rate headers say of a key's quota. Pure: nothing here sleeps or sends.

A window is a bucket that refills all the time, or one that is filled anew at its
reset: the upstream documents the first, and its headers look like the second. What is
computed here holds for whichever comes sooner; the next answer tells if it was wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.upstream.retry import retry_after, seconds

SPANS_S = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
WINDOWS = {
    f"{kind}-{span}": (kind, span_s)
    for kind in ("requests", "tokens")
    for span, span_s in SPANS_S.items()
}
ROUNDED_OFF = 0.5  # on average, of what is told in whole numbers
REMAINING = {name: f"x-ratelimit-remaining-{name}" for name in WINDOWS}
LIMIT = "x-ratelimit-limit-"
RESET = "x-ratelimit-reset-"


class Window(NamedTuple):
    kind: str
    span_s: float
    remaining: float
    limit: float | None = None
    reset_s: float | None = None

    def opens_in(self, need: float) -> float | None:
        """When it holds what one request needs, None when nothing tells."""
        if need <= self.remaining:
            return 0.0
        if not self.limit or need > self.limit:
            return self.reset_s
        lacking = need - self.remaining - ROUNDED_OFF
        refilled_s = lacking * self.span_s / self.limit
        return min(refilled_s, self.reset_s or math.inf)


class Opening(NamedTuple):
    """When quota allows another request, and how many after that one."""

    wait_s: float
    interval_s: float | None = None  # between one and the next; None: nothing tells
    reset_s: float = math.inf  # until `size` may go at once
    size: float = math.inf

    @property
    def told_s(self) -> float:
        """What to tell a client: by then it is open, whatever the window is."""
        return self.wait_s if math.isinf(self.reset_s) else self.reset_s


def windows(headers: Mapping[str, str]) -> Iterator[Window]:
    """Those of which something is told; names of headers are in lower case."""
    for name, header in REMAINING.items():
        remaining = seconds(headers.get(header, ""))
        if remaining is not None:
            limit = seconds(headers.get(LIMIT + name, ""))
            reset_s = seconds(headers.get(RESET + name, ""))
            yield Window(*WINDOWS[name], remaining, limit, reset_s)


def spare(headers: Mapping[str, str], tokens: float) -> int | None:
    """How many requests of so many tokens the windows still hold, if that is told."""
    needs = {"requests": 1.0, "tokens": tokens}
    told = [int(each.remaining // needs[each.kind]) for each in windows(headers)]
    return min(told, default=None)


def used_up(headers: Mapping[str, str]) -> bool:
    """Whether nothing is left of some window, told in the cheapest way."""
    return "0" in map(headers.get, REMAINING.values())


def opening(headers: Mapping[str, str], tokens: float) -> Opening | None:
    """When a refused request that needs so many tokens fits, if anything tells."""
    told = retry_after(headers)
    return closed(headers, tokens) if told is None else Opening(told)


def closed(headers: Mapping[str, str], tokens: float) -> Opening | None:
    """When a request fits, None when it does now; the last window to open counts."""
    needs = {"requests": 1.0, "tokens": tokens}
    openings = [_opening(each, needs[each.kind]) for each in windows(headers)]
    waits = [each for each in openings if each and each.wait_s > 0]
    return max(waits, key=lambda each: each.wait_s, default=None)


def tokens_left(headers: Mapping[str, str]) -> float:
    """Of this minute; 0 when nothing is told."""
    return seconds(headers.get(REMAINING["tokens-minute"], "")) or 0.0


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
