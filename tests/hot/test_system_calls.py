"""What a chunk costs in calls of the system, seen from outside by strace."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.hot.paced import BODIES, Paced, body, worker_of
from tests.live_server import Server, environment, procfile_command, serving
from tests.processes import running
from tests.real_parts import MISSING, require_real

pytestmark = pytest.mark.timing

CHUNKS = 60
MOST_PER_CHUNK = {"recvfrom": 2, "sendto": 1, "epoll_wait": 1, "getsockopt": 0}
HOUSEKEEPING = 6  # what a worker does all by itself meanwhile, its heartbeat not least
FORBIDDEN = "Operation not permitted"
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(", re.MULTILINE)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Paced]:
    paced = Paced(CHUNKS + 1)
    yield paced
    paced.close()


@pytest.fixture(scope="module")
def server(upstream: Paced) -> Iterator[Server]:
    settings = environment(
        CEREBRAS_BASE_URL=upstream.base_url,
        CEREBRAS_API_KEY=upstream.key,
        WEB_CONCURRENCY="1",
    )
    with serving(procfile_command(), settings) as started:
        yield started


def stream(server: Server, upstream: Paced, path: str) -> Iterator[bytes]:
    """The lines with a word, of an answer whose first has come."""
    asked = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    with contextlib.closing(asked):
        asked.request("POST", path, json.dumps(body(path)))
        upstream.tell()
        for line in asked.getresponse():
            if b"word" in line:
                yield line


@contextlib.contextmanager
def traced(server: Server, record: Path) -> Iterator[None]:
    """Write down every call of the only worker, where that is permitted."""
    strace = require_real("strace")
    command = [strace, "-f", "-o", str(record), "-p", str(worker_of(server))]
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(running(command, "attached"))
        except AssertionError as error:
            if FORBIDDEN in str(error):
                pytest.skip(f"{MISSING}permission to trace a process")
            raise
        yield


@pytest.mark.parametrize("path", BODIES)
def test_an_event_is_one_wait_one_read_and_one_write(
    server: Server, upstream: Paced, path: str, tmp_path: Path
) -> None:
    record = tmp_path / "calls"
    events = stream(server, upstream, path)
    next(events)
    with traced(server, record):
        for _ in range(CHUNKS):
            upstream.tell()
            next(events)
    assert list(events) == []

    calls = Counter(CALL.findall(record.read_text()))

    assert calls["sendto"] >= CHUNKS
    for name, most in MOST_PER_CHUNK.items():
        assert calls[name] <= most * CHUNKS + HOUSEKEEPING, calls
