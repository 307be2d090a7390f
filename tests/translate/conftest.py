"""What a reply is told of its request, the same on every run."""

from __future__ import annotations

import pytest

from app.translate.dialect import ReplyContext

STARTED_NS = 1_785_546_123_000_000_000  # 2026-08-01T01:02:03Z
ELAPSED_NS = 120_000_000


@pytest.fixture
def context() -> ReplyContext:
    """A request for `m`, answered 0.12 s after it came."""
    return ReplyContext(
        name="m",
        clock=lambda: STARTED_NS + ELAPSED_NS,
        new_id=lambda: "k3x9a1bz",
        started_ns=STARTED_NS,
    )
