"""Points in time as Go prints them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

SECOND = 1_000_000_000


def render_time(ns: int) -> str:
    """RFC 3339 in UTC: up to nine decimals, trailing zeros left out."""
    seconds, rest = divmod(ns, SECOND)
    if not rest:
        return _whole(seconds) + "Z"
    decimals = str(SECOND + rest)[1:]  # half the price of padding with zeros
    return f"{_whole(seconds)}.{decimals.rstrip('0')}Z"


@lru_cache
def _whole(seconds: int) -> str:
    """Streams stamp many lines within one second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
