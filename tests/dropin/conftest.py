"""What the tests of all clients share: an eye on what they make us send upstream."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cerebras import Fake


@pytest.fixture
def upstream_refuses() -> None:
    """For a test in which the upstream refuses a request for the caller's fault."""


@pytest.fixture(autouse=True)
def _upstream_finds_no_fault(
    request: pytest.FixtureRequest, fake: Fake
) -> Iterator[None]:
    """Whatever a client sends, the strict upstream takes what we make of it."""
    yield
    if "upstream_refuses" not in request.fixturenames:
        refused = [
            record for record in fake.inference_requests() if record["status"] == 400
        ]
        assert [record["body"] for record in refused] == []
