"""How many Python calls a request and a chunk cost: the numbers do not vary.

The limits are a little above the counts. If one is exceeded, decide whether the change
is worth its price on every chunk.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.apps import make_app
from tests.hot.paced import BODIES, PacedUpstream, make_body

pytestmark = pytest.mark.timing

CHUNKS = 40
MAX_CALLS_PER_CHUNK = 20.5
MAX_CALLS_PER_REQUEST = 880


def count_calls(function: Callable[[], Any]) -> tuple[int, Any]:
    """Return the number of Python functions called in this thread, and the result."""
    calls = 0

    def count(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = function()
    finally:
        sys.setprofile(before)
    return calls, result


@pytest.fixture
def upstream() -> Iterator[PacedUpstream]:
    paced = PacedUpstream(CHUNKS + 2)
    yield paced
    paced.close()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("path", BODIES)
def test_request_and_chunk_cost_few_calls(
    upstream: PacedUpstream, path: str, tmp_path: Path
) -> None:
    app = make_app(upstream, tmp_path, models=[{"id": "gpt-oss-120b"}])
    first, second = (
        EnvironBuilder(path, method="POST", json=make_body(path)).get_environ()
        for _ in range(2)
    )
    upstream.send_events(CHUNKS + 2)
    assert list(run_wsgi_app(app, first)[0])  # fills the caches

    upstream.send_events()
    request_calls, reply = count_calls(lambda: run_wsgi_app(app, second))
    events = iter(reply[0])
    chunk_calls = 0
    for _ in range(CHUNKS):
        upstream.send_events()
        chunk_calls += count_calls(events.__next__)[0]
    upstream.send_events()

    assert list(events)
    assert request_calls <= MAX_CALLS_PER_REQUEST
    assert chunk_calls / CHUNKS <= MAX_CALLS_PER_CHUNK
