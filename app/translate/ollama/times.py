"""Points in time as Go prints them."""

from __future__ import annotations

from datetime import UTC, datetime

SECOND = 1_000_000_000


def render_time(ns: int) -> str:
    """RFC 3339 in UTC: up to nine decimals, trailing zeros left out."""
    seconds, rest = divmod(ns, SECOND)
    whole = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".") + "Z"
