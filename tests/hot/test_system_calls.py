"""The number of system calls that a chunk costs, counted by strace."""

import contextlib
import http.client
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.hot.paced import BODIES, PacedUpstream, make_body, worker_pid
from tests.live_server import Server, environment, procfile_command, serving
from tests.processes import running
from tests.real_parts import MISSING, require_real

pytestmark = pytest.mark.timing

CHUNKS = 60
MAX_CALLS_PER_CHUNK = {"recvfrom": 2, "sendto": 1, "epoll_wait": 1, "getsockopt": 0}
HOUSEKEEPING = 6  # calls of the worker itself, such as its heartbeat
FORBIDDEN = "Operation not permitted"
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(", re.MULTILINE)


@pytest.fixture(scope="module")
def upstream() -> Iterator[PacedUpstream]:
    paced = PacedUpstream(CHUNKS + 1)
    yield paced
    paced.close()


@pytest.fixture(scope="module")
def server(upstream: PacedUpstream) -> Iterator[Server]:
    settings = environment(
        CEREBRAS_BASE_URL=upstream.base_url,
        CEREBRAS_API_KEY=upstream.key,
        WEB_CONCURRENCY="1",
    )
    with serving(procfile_command(), settings) as started:
        yield started


def stream(server: Server, upstream: PacedUpstream, path: str) -> Iterator[bytes]:
    """Yield the lines that have a word; the first event has been sent."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    with contextlib.closing(connection):
        connection.request("POST", path, json.dumps(make_body(path)))
        upstream.send_events()
        for line in connection.getresponse():
            if b"word" in line:
                yield line


@contextlib.contextmanager
def traced(server: Server, record: Path) -> Iterator[None]:
    """Record every system call of the worker; skip the test if that is forbidden."""
    strace = require_real("strace")
    command = [strace, "-f", "-o", str(record), "-p", str(worker_pid(server))]
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(running(command, "attached"))
        except AssertionError as error:
            if FORBIDDEN in str(error):
                pytest.skip(f"{MISSING}permission to trace a process")
            raise
        yield


@pytest.mark.parametrize("path", BODIES)
def test_event_costs_one_wait_one_read_and_one_write(
    server: Server, upstream: PacedUpstream, path: str, tmp_path: Path
) -> None:
    record = tmp_path / "calls"
    events = stream(server, upstream, path)
    next(events)
    with traced(server, record):
        for _ in range(CHUNKS):
            upstream.send_events()
            next(events)
    assert list(events) == []

    calls = Counter(CALL.findall(record.read_text()))

    assert calls["sendto"] >= CHUNKS
    for name, most in MAX_CALLS_PER_CHUNK.items():
        assert calls[name] <= most * CHUNKS + HOUSEKEEPING, calls
