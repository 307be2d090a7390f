"""What of urllib3 our pools lean on, and what serves when it has gone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app import insides
from app.upstream.pools import NEEDED, POOLS, use_ours


@pytest.mark.parametrize("name", NEEDED)
def test_the_pinned_urllib3_has_what_is_needed(name: str) -> None:
    """When this fails, read what changed before the list is mended."""
    assert insides.is_there(name, NEEDED[name])


def test_urllib3s_pools_serve_when_anything_is_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    manager = SimpleNamespace(pool_classes_by_scheme=None)

    use_ours(manager, {"urllib3.connectionpool:no_such": set()})
    assert manager.pool_classes_by_scheme is None
    assert "urllib3.connectionpool:no_such changed" in caplog.text

    use_ours(manager)
    assert manager.pool_classes_by_scheme is POOLS
