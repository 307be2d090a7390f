"""Metrics and logs of a server with several workers, some of which end."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.cerebras import Fake
from tests.live.http_client import CHAT, send_chat
from tests.live_server import Server, environment, procfile_command, serving
from tests.metric_samples import sum_samples
from tests.processes import wait_until

TIMEOUT_S = 20.0
BOOTED = re.compile(r"Booting worker with pid: (\d+)")
SCRAPES = 20  # of /metrics; any worker may answer each


@pytest.fixture(scope="module")
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def json_server(
    upstream_settings: dict[str, str], temporary_folder: Path
) -> Iterator[Server]:
    settings = environment(
        **upstream_settings,
        TMPDIR=str(temporary_folder),
        LOG_FORMAT="json",
        GRACE_S="1",
    )
    with serving(procfile_command(), settings) as server:
        yield server


def post_chat(server: Server, prompt: str = "hello") -> requests.Response:
    messages = [{"role": "user", "content": prompt}]
    body = {"model": "gpt-oss-120b", "messages": messages}
    return requests.post(server.url + CHAT, json=body, timeout=TIMEOUT_S)


def count_chats(server: Server, outcome: str = "ok") -> set[float]:
    """Return the number of chats with an outcome, as each worker reports it."""
    return {
        sum_samples(
            requests.get(f"{server.url}/metrics", timeout=TIMEOUT_S).text,
            "cerellama_requests_total",
            route=CHAT,
            outcome=outcome,
        )
        for _ in range(SCRAPES)
    }


def worker_pids(server: Server) -> list[int]:
    """Return the PIDs of all workers since the start, in order."""
    return [int(pid) for pid in BOOTED.findall(server.program.output)]


def test_metrics_add_up_over_workers_and_reloads(json_server: Server) -> None:
    for _ in range(SCRAPES):
        post_chat(json_server)
    wait_until(lambda: count_chats(json_server) == {SCRAPES})

    json_server.program.process.send_signal(signal.SIGHUP)
    wait_until(lambda: json_server.program.output.count("Worker exiting") == 2)
    post_chat(json_server)

    wait_until(lambda: count_chats(json_server) == {SCRAPES + 1})


def test_killed_worker_leaves_its_counters_only(
    json_server: Server, temporary_folder: Path
) -> None:
    before, pids = count_chats(json_server), worker_pids(json_server)

    os.kill(pids[-1], signal.SIGKILL)
    wait_until(lambda: len(worker_pids(json_server)) > len(pids))

    left = {
        path.name.partition("_")[0]
        for path in temporary_folder.rglob(f"*_{pids[-1]}.db")
    }
    assert left == {"counter", "histogram"}
    assert count_chats(json_server) == before


def test_disconnect_is_logged_and_counted_as_cancelled(
    json_server: Server, fake: Fake
) -> None:
    script = {"content": "one two three four", "hold": "never", "after": 2}
    headers = {"X-Request-Id": "disconnects"}
    connection = send_chat(json_server, script, headers=headers)
    connection.getresponse().readline()

    connection.close()

    line = json.loads(json_server.program.wait_for('"id": "disconnects"'))
    assert (line["status"], line["outcome"]) == (200, "cancelled")
    wait_until(lambda: count_chats(json_server, "cancelled") == {1})


def test_all_log_lines_but_the_greeting_are_json(json_server: Server) -> None:
    post_chat(json_server)
    post_chat(json_server, '@fake {"status": 402}')
    json_server.program.wait_for('"status": 402')

    lines = json_server.program.output.splitlines()

    greeting = [line for line in lines if not line.startswith("{")]
    assert [line.split()[0] for line in greeting] == ["Cerellama", "Try"]
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    assert {"time", "level", "logger", "message"} <= set.intersection(
        *map(set, entries)
    )
    assert {"app.access", "gunicorn.error"} <= {entry["logger"] for entry in entries}
