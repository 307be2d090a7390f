"""Many streams at once, and texts that arrive in awkward pieces."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import Server, environment, procfile_command, serving

TEXT = 'Grüße, 世界! 🦙🚀 \u2028 é\u0085ñ — ok\n\ttabs and "quotes" \\ too'
CLIENTS = 100


@pytest.fixture(scope="module")
def one_worker(upstream_settings: dict[str, str]) -> Iterator[Server]:
    settings = environment(**upstream_settings, WEB_CONCURRENCY="1")
    with serving(procfile_command(), settings) as server:
        yield server


def chat(server: Server, script: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of a streamed answer to `script`."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    prompt = f"@fake {json.dumps(script)}"
    messages = [{"role": "user", "content": prompt}]
    body = {"model": "gpt-oss-120b", "messages": messages}
    connection.request("POST", "/api/chat", json.dumps(body))
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return [json.loads(line) for line in lines]


def text_of(lines: list[dict[str, Any]]) -> str:
    return "".join(line["message"]["content"] for line in lines)


def test_a_hundred_streams_share_one_worker(one_worker: Server) -> None:
    scripts = [
        {"content": f"stream {number}: " + "word " * 50, "tokens_per_second": 100}
        for number in range(CLIENTS)
    ]

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda script: chat(one_worker, script), scripts))

    assert [text_of(lines) for lines in answers] == [s["content"] for s in scripts]
    assert all(lines[-1]["done"] for lines in answers)


@pytest.mark.parametrize(
    "shape",
    [
        {"write_sizes": [1]},
        {"write_sizes": [2, 3]},
        {"chunk_sizes": [1]},
        {"chunk_sizes": [7], "write_sizes": [5]},
        {"events_per_write": 50},
        {"events_per_chunk": 3, "write_sizes": [11]},
        {"framing": "close", "write_sizes": [3]},
        {"extras": ["crlf"], "write_sizes": [1]},
    ],
    ids=json.dumps,
)
def test_a_text_arrives_whole_however_it_was_cut(
    one_worker: Server, shape: dict[str, Any]
) -> None:
    lines = chat(one_worker, {"content": TEXT, "write_pause": 0.0001, **shape})

    assert text_of(lines) == TEXT
    assert lines[-1]["done"]
