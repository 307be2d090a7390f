"""Fixtures for the tests with real clients: fake_cerebras must refuse no request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cerebras import Fake


@pytest.fixture
def upstream_refuses() -> None:
    """Allow a test to send a request that fake_cerebras refuses."""


@pytest.fixture(autouse=True)
def _no_request_is_refused(
    request: pytest.FixtureRequest, fake: Fake
) -> Iterator[None]:
    """Fail if fake_cerebras, which is strict, refused a translated request."""
    yield
    if "upstream_refuses" not in request.fixturenames:
        refused = [
            record for record in fake.inference_requests() if record["status"] == 400
        ]
        assert [record["body"] for record in refused] == []
