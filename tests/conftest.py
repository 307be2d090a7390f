"""What tests of every folder share: the stand-in upstream, a real process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cerebras import Fake, fake_cerebras


@pytest.fixture(scope="session")
def fake() -> Iterator[Fake]:
    """As fast as it can be, unless a script says otherwise."""
    with fake_cerebras("--tokens-per-second", "0") as running:
        yield running


@pytest.fixture(autouse=True)
def _forget(request: pytest.FixtureRequest) -> None:
    """No test sees the scripts and the requests of another."""
    if "fake" in request.fixturenames:
        request.getfixturevalue("fake").clear()
