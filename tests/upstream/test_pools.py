"""What of urllib3 our pools lean on, and what serves when it has gone."""

from __future__ import annotations

import pytest
import urllib3

from app import insides
from app.upstream.pools import NEEDED, POOLS, Adapter, is_as_expected, use_ours


@pytest.mark.parametrize("name", NEEDED)
def test_the_pinned_urllib3_has_what_is_needed(name: str) -> None:
    """When this fails, read what changed before the list is mended."""
    assert insides.is_there(name, NEEDED[name])


def test_urllib3s_pools_serve_when_anything_is_gone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = urllib3.PoolManager().pool_classes_by_scheme
    monkeypatch.setitem(NEEDED, "urllib3.connectionpool:no_such", set())
    is_as_expected.cache_clear()

    for _ in range(2):
        assert Adapter().poolmanager.pool_classes_by_scheme == theirs
    assert len(caplog.messages) == 1
    assert "urllib3.connectionpool:no_such changed" in caplog.text

    monkeypatch.undo()
    is_as_expected.cache_clear()
    assert Adapter().poolmanager.pool_classes_by_scheme == POOLS


def test_a_socks_proxy_keeps_the_pools_that_know_it() -> None:
    class Socks(urllib3.PoolManager):
        pool_classes_by_scheme = {}

    manager = Socks()
    use_ours(manager)

    assert manager.pool_classes_by_scheme != POOLS
