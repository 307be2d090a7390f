"""The upstream and the load generator together, with and without Cerellama."""

import socket
import time
from collections.abc import Iterator

import pytest
import requests

from bench.scenarios import request_body
from tests.bench.conftest import RunLoad
from tests.live_server import environment, procfile_command, serving

DIALECTS = ("native", "openai", "anthropic")


@pytest.fixture(scope="module")
def cerellama(upstream: int) -> Iterator[int]:
    """The port of Cerellama with the benchmark's upstream."""
    settings = environment(
        CEREBRAS_BASE_URL=f"http://127.0.0.1:{upstream}/v1",
        CEREBRAS_API_KEY="bench",
        WEB_CONCURRENCY="1",
    )
    with serving(procfile_command(), settings) as server:
        yield int(server.url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("dialect", "reply_options"),
    [
        ("openai", {"tokens": 2500}),
        ("openai", {"tokens": 1}),
        ("whole", {"tokens": 2500, "stream": 0}),
    ],
    ids=["full speed", "one token", "whole reply"],
)
def test_all_tokens_are_checked(
    upstream: int, run_load: RunLoad, dialect: str, reply_options: dict[str, int]
) -> None:
    figures = run_load(upstream, reply_options, dialect)

    assert figures["errors"] == 0
    assert figures["replies"] >= 3
    assert figures["chunks"] == figures["replies"] * reply_options["tokens"]


def test_paced_stream_has_latencies(upstream: int, run_load: RunLoad) -> None:
    figures = run_load(upstream, {"tokens": 20, "pace": 500})

    assert figures["chunks"] == figures["replies"] * 20
    assert 0 < figures["lat_p50"] <= figures["lat_p99"] <= figures["lat_max"]
    assert figures["reply_p50"] > 19 * 2000


def test_missing_token_is_an_error(upstream: int, run_load: RunLoad) -> None:
    figures = run_load(upstream, {"tokens": 19}, tokens=20)

    assert figures["errors"] == 3
    assert figures["error"] == "19 tokens came, not 20"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_cerellama_relays_all_tokens(
    cerellama: int, run_load: RunLoad, dialect: str
) -> None:
    figures = run_load(cerellama, {"tokens": 1200}, dialect)

    assert (figures["errors"], figures["error"]) == (0, "")


def test_upstream_reports_the_close_of_a_connection(upstream: int) -> None:
    body = request_body("openai", {"tokens": 10, "mute": 0, "id": 7})
    with socket.create_connection(("127.0.0.1", upstream)) as client:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}"
        client.sendall(f"{head}\r\n\r\n".encode() + body)
        assert read_closed_ns(upstream) == 0
        disconnected_ns = time.monotonic_ns()

    while not (closed_ns := read_closed_ns(upstream)):
        pass
    assert closed_ns >= disconnected_ns


def read_closed_ns(port: int) -> int:
    url = f"http://127.0.0.1:{port}/closed?id=7"
    closed_ns: int = requests.get(url, timeout=10).json()["closed_ns"]
    return closed_ns
