"""The compiled upstream and load generator agree, and tell what does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bench import bodies
from tests.bench.conftest import Load
from tests.serving import environment, procfile_command, serving

DIALECTS = ("native", "openai", "anthropic")


@pytest.fixture(scope="module")
def cerellama(upstream: int) -> Iterator[int]:
    """A port of Cerellama before the bench's upstream."""
    settings = environment(
        CEREBRAS_BASE_URL=f"http://127.0.0.1:{upstream}/v1",
        CEREBRAS_API_KEY="bench",
        WEB_CONCURRENCY="1",
    )
    with serving(procfile_command(), settings) as server:
        yield int(server.url.rpartition(":")[2])


@pytest.mark.parametrize(
    "knobs",
    [{"tokens": 2500}, {"tokens": 20, "pace": 500}, {"tokens": 1}],
    ids=["full speed", "paced", "one token"],
)
def test_every_token_of_a_reply_is_the_one_that_was_sent(
    upstream: int, load: Load, knobs: dict[str, int]
) -> None:
    found = load(upstream, knobs)

    assert found["errors"] == 0
    assert found["replies"] >= 3
    assert found["chunks"] == found["replies"] * knobs["tokens"]


def test_a_whole_answer_has_the_same_text(upstream: int, load: Load) -> None:
    found = load(upstream, {"tokens": 2500, "stream": 0}, dialect="whole")

    assert (found["errors"], found["chunks"] % 2500) == (0, 0)


def test_a_paced_token_tells_how_long_it_took(upstream: int, load: Load) -> None:
    found = load(upstream, {"tokens": 20, "pace": 500})

    assert 0 < found["lat_p50"] <= found["lat_p99"] <= found["lat_max"]
    assert found["reply_p50"] > 19 * 2000


def test_a_token_too_few_is_an_error(upstream: int, load: Load) -> None:
    found = load(upstream, {"tokens": 19}, tokens=20)

    assert found["errors"] == 3
    assert found["error"] == "19 tokens came, not 20"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_cerellama_relays_every_token(cerellama: int, load: Load, dialect: str) -> None:
    found = load(cerellama, {"tokens": 1200}, dialect)

    assert (found["errors"], found["error"]) == (0, "")


def test_the_upstream_tells_when_a_client_left(upstream: int) -> None:
    body = bodies.body("openai", {"tokens": 10, "mute": 0, "id": 7})
    with socket.create_connection(("127.0.0.1", upstream)) as client:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}"
        client.sendall(f"{head}\r\n\r\n".encode() + body)
        assert _get(upstream, "closed?id=7")["closed_ns"] == 0
        left = time.monotonic_ns()

    assert _until_closed(upstream) >= left


def _until_closed(port: int) -> int:
    while not (found := _get(port, "closed?id=7")["closed_ns"]):
        pass
    return found


def _get(port: int, path: str) -> dict[str, Any]:
    return requests.get(f"http://127.0.0.1:{port}/{path}", timeout=10).json()
