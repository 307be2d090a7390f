"""What a chunk and a request cost, in Python's own calls: a number that never varies.

Ceilings are a little above what was counted. One that breaks is a question, not a
fault: is what was added worth its price on every chunk?
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.apps import make_app
from tests.hot.paced import BODIES, Paced, body

pytestmark = pytest.mark.timing

CHUNKS = 40
MOST_PER_CHUNK = 26
MOST_PER_REQUEST = 880


@contextmanager
def counted() -> Iterator[list[int]]:
    """The calls of Python functions in this thread; builtins are not counted."""
    calls = [0]

    def count(frame: FrameType, event: str, arg: Any) -> None:
        calls[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


@pytest.fixture
def upstream() -> Iterator[Paced]:
    paced = Paced(CHUNKS + 2)
    yield paced
    paced.close()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("path", BODIES)
def test_a_request_and_a_chunk_cost_few_calls(
    upstream: Paced, path: str, tmp_path: Path
) -> None:
    app = make_app(upstream, tmp_path, models=[{"id": "gpt-oss-120b"}])
    asked = [
        EnvironBuilder(path, method="POST", json=body(path)).get_environ()
        for _ in range(2)
    ]
    upstream.tell(CHUNKS + 2)
    assert list(run_wsgi_app(app, asked[0])[0])  # all that is made once has been

    upstream.tell()
    with counted() as request:
        events = iter(run_wsgi_app(app, asked[1])[0])
    with counted() as chunk:
        for _ in range(CHUNKS):
            upstream.tell()
            next(events)
    upstream.tell()

    assert list(events)
    assert request[0] <= MOST_PER_REQUEST
    assert chunk[0] / CHUNKS <= MOST_PER_CHUNK
