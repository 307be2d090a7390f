"""The context of a reply with a fixed clock and fixed ids."""

import pytest

from app.translate.dialect import ReplyContext

STARTED_NS = 1_785_546_123_000_000_000  # 2026-08-01T01:02:03Z
ELAPSED_NS = 120_000_000


@pytest.fixture
def context() -> ReplyContext:
    """Return the context of a request for `m` that started 0.12 s ago."""
    return ReplyContext(
        name="m",
        clock=lambda: STARTED_NS + ELAPSED_NS,
        new_id=lambda: "k3x9a1bz",
        started_ns=STARTED_NS,
    )
