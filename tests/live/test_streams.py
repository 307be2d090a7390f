"""Many concurrent streams, and texts that arrive in odd pieces."""

import contextlib
import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.live.http_client import send_chat
from tests.live_server import Server, environment, procfile_command, serving
from tests.scripted_server import CERTIFICATE

CLIENTS = 100


@pytest.fixture(scope="module")
def one_worker(upstream_settings: dict[str, str]) -> Iterator[Server]:
    settings = environment(**upstream_settings, WEB_CONCURRENCY="1")
    with serving(procfile_command(), settings) as server:
        yield server


def chat(server: Server, script: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a streamed reply that follows `script`."""
    with contextlib.closing(send_chat(server, script)) as connection:
        lines = connection.getresponse().read().decode().splitlines()
    return [json.loads(line) for line in lines]


def text_of(lines: list[dict[str, Any]]) -> str:
    return "".join(line["message"]["content"] for line in lines)


def test_worker_serves_a_hundred_streams(one_worker: Server) -> None:
    scripts = [
        {"content": f"stream {number}: " + "word " * 50, "tokens_per_second": 100}
        for number in range(CLIENTS)
    ]

    with ThreadPoolExecutor(CLIENTS) as clients:
        replies = list(clients.map(lambda script: chat(one_worker, script), scripts))

    assert [text_of(lines) for lines in replies] == [s["content"] for s in scripts]
    assert all(lines[-1]["done"] for lines in replies)


@pytest.mark.timing
def test_stream_ends_before_the_upstream_ends(one_worker: Server, fake: Fake) -> None:
    """The upstream sends its last event, but not the end of its body."""
    script = {"content": "one two", "hold": "the end", "after": 3}
    durations_s = []

    for _ in range(3):  # the best one counts: the machine may be busy
        with contextlib.closing(send_chat(one_worker, script)) as connection:
            response = connection.getresponse()
            start = time.monotonic()
            assert b'"done":true' in response.read()
            durations_s.append(time.monotonic() - start)

    assert min(durations_s) < 0.5


def test_gunicorns_own_worker_serves_tls(upstream_settings: dict[str, str]) -> None:
    command = [*procfile_command(), "--certfile", str(CERTIFICATE)]
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    body = {
        "model": "gpt-oss-120b",
        "messages": [{"role": "user", "content": '@fake {"content": "one two"}'}],
    }

    with serving(command, environment(**upstream_settings)) as server:
        host = server.url.removeprefix("http://")
        with contextlib.closing(
            http.client.HTTPSConnection(host, timeout=10, context=context)
        ) as connection:
            connection.request("POST", "/api/chat", json.dumps(body))
            lines = [json.loads(line) for line in connection.getresponse()]

    assert "".join(line["message"]["content"] for line in lines) == "one two"
    assert lines[-1]["done"]
