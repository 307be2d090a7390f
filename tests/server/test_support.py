"""What is leant on, and what serves when it has gone."""

from __future__ import annotations

import pytest

from app import insides
from app.server.support import GUNICORNS, NEEDED, OURS, worker_class


@pytest.mark.parametrize("name", NEEDED)
def test_the_pinned_versions_have_what_is_needed(name: str) -> None:
    """When this fails, read what changed before the list is mended."""
    assert insides.is_there(name, NEEDED[name])


def test_our_worker_serves() -> None:
    assert worker_class() == OURS


@pytest.mark.parametrize(
    "needed",
    [
        {"gunicorn.http.wsgi:Response.no_such": set[str]()},
        {"gunicorn.no_such:create": set[str]()},
        {"gunicorn.http.wsgi:create": {"no_such"}},
    ],
    ids=["attribute", "module", "parameter"],
)
def test_gunicorns_worker_serves_when_anything_is_gone(
    needed: dict[str, set[str]], caplog: pytest.LogCaptureFixture
) -> None:
    assert worker_class(needed) == GUNICORNS
    assert "changed: gunicorn's own worker serves" in caplog.text
