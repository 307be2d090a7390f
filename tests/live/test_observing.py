"""What an operator sees of a server with several workers, whatever becomes of them."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.cerebras import Fake
from tests.measured import measured
from tests.serving import Server, environment, procfile_command, serving

CHAT = "/api/chat"
TIMEOUT_S = 20.0
BOOTED = re.compile(r"Booting worker with pid: (\d+)")
LOOKS = 20  # at /metrics, each by whichever worker comes first


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def watched(upstream_settings: dict[str, str], folder: Path) -> Iterator[Server]:
    settings = environment(
        **upstream_settings, TMPDIR=str(folder), LOG_FORMAT="json", GRACE_S="1"
    )
    with serving(procfile_command(), settings) as server:
        yield server


def ask(server: Server, prompt: str = "hello", **more: Any) -> requests.Response:
    messages = [{"role": "user", "content": prompt}]
    body = {"model": "gpt-oss-120b", "messages": messages, **more}
    return requests.post(server.url + CHAT, json=body, timeout=TIMEOUT_S)


def counted(server: Server, outcome: str = "ok") -> set[float]:
    """How many chats ended so, as often as workers differ over it."""
    return {
        measured(
            requests.get(f"{server.url}/metrics", timeout=TIMEOUT_S).text,
            "cerellama_requests_total",
            route=CHAT,
            outcome=outcome,
        )
        for _ in range(LOOKS)
    }


def until(true: Callable[[], bool]) -> None:
    """Ask until it is so; what is waited for ends by itself."""
    end = time.monotonic() + TIMEOUT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def workers(server: Server) -> list[int]:
    """All that ever were, in order."""
    return [int(pid) for pid in BOOTED.findall(server.program.output)]


def test_workers_count_together_and_new_ones_go_on(watched: Server) -> None:
    for _ in range(LOOKS):
        ask(watched)
    until(lambda: counted(watched) == {LOOKS})

    watched.program.process.send_signal(signal.SIGHUP)
    until(lambda: watched.program.output.count("Worker exiting") == 2)
    ask(watched)

    until(lambda: counted(watched) == {LOOKS + 1})


def test_a_killed_worker_is_counted_and_holds_nothing(
    watched: Server, folder: Path
) -> None:
    before, known = counted(watched), workers(watched)

    os.kill(known[-1], signal.SIGKILL)
    until(lambda: len(workers(watched)) > len(known))

    left = {path.name.partition("_")[0] for path in folder.rglob(f"*_{known[-1]}.db")}
    assert left == {"counter", "histogram"}
    assert counted(watched) == before


def test_a_client_that_leaves_is_told_as_such(watched: Server, fake: Fake) -> None:
    connection = http.client.HTTPConnection(urlsplit(watched.url).netloc)
    content = '@fake {"content": "one two three four", "hold": "never", "after": 2}'
    messages = [{"role": "user", "content": content}]
    body = {"model": "gpt-oss-120b", "messages": messages}
    connection.request("POST", CHAT, json.dumps(body), {"X-Request-Id": "leaver"})
    connection.getresponse().readline()

    connection.close()

    line = json.loads(watched.program.wait_for('"id": "leaver"'))
    assert (line["status"], line["outcome"]) == (200, "cancelled")
    until(lambda: counted(watched, "cancelled") == {1})


def test_every_line_but_the_greeting_is_json(watched: Server) -> None:
    ask(watched)
    ask(watched, '@fake {"status": 402}')
    watched.program.wait_for('"status": 402')

    lines = watched.program.output.splitlines()

    greeting = [line for line in lines if not line.startswith("{")]
    assert [line.split()[0] for line in greeting] == ["Cerellama", "Try"]
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, told))
    assert {"app.access", "gunicorn.error"} <= {line["logger"] for line in told}
