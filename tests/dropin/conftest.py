"""Drop-in tests: fake_cerebras must accept each translated request."""

from collections.abc import Iterator

import pytest

from tests.cerebras import Fake


@pytest.fixture(autouse=True)
def _no_request_is_refused(fake: Fake) -> Iterator[None]:
    """Fail if fake_cerebras, which is strict, refused a translated request."""
    yield
    refused = [
        record["body"]
        for record in fake.inference_requests()
        if record["status"] == 400
    ]
    assert refused == []
