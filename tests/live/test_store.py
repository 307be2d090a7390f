"""Derived models in several processes, and requests while the store fails."""

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import requests

from tests.cerebras import Fake
from tests.deploy.streams import stream_chat, text_of
from tests.live.http_client import MODEL as GPT
from tests.live.http_client import create_model, post
from tests.live_server import Server, environment, procfile_command, serving

MARIO = "You are Mario"
HELLO = {"role": "user", "content": "Hello"}
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("/api/chat", {"messages": [HELLO]}),
    ("/api/generate", {"prompt": "Hello"}),
    ("/v1/chat/completions", {"messages": [HELLO]}),
]
LOCKED_S = 3.0
LONGEST_GAP_S = 0.05
PACE = {"tokens_per_second": 100, "delta_size": 6, "content": "word " * 500}
ATTEMPTS = 3  # the machine may be busy for a moment
REFUSED = "postgresql://mario:secret@127.0.0.1:1/cerellama"


@contextlib.contextmanager
def one_worker(settings: dict[str, str], url: str, **more: str) -> Iterator[Server]:
    environ = environment(
        **settings, DATABASE_URL=url, WEB_CONCURRENCY="1", RETRY_WAIT_S="0", **more
    )
    with serving(procfile_command(), environ) as server:
        yield server


def create(server: Server, name: str, system: str = MARIO) -> requests.Response:
    return create_model(server, name, system)


def test_every_worker_sees_a_change_at_its_next_request(server: Server) -> None:
    def show_system(_: int) -> tuple[int, str]:
        response = post(server, "/api/show", model="often")
        return response.status_code, response.json().get("system", "")

    with ThreadPoolExecutor(4) as clients:
        for number in range(10):
            assert create(server, "often", system=f"{number}").status_code == 200
            assert set(clients.map(show_system, range(8))) == {(200, f"{number}")}
        requests.delete(server.url + "/api/delete", json={"name": "often"}, timeout=20)
        assert {status for status, _ in clients.map(show_system, range(8))} == {404}


def test_threads_share_a_store_under_flask_run(flask_server: Server) -> None:
    with ThreadPoolExecutor(4) as clients:
        created = list(
            clients.map(
                lambda number: create(flask_server, f"m{number}").status_code, range(12)
            )
        )
        shown = list(
            clients.map(
                lambda number: post(flask_server, "/api/show", model=f"m{number}"),
                range(12),
            )
        )

    for number in range(12):
        body = {"model": f"m{number}"}
        requests.delete(flask_server.url + "/api/delete", json=body, timeout=20)

    assert created == [200] * 12
    assert [response.json()["system"] for response in shown] == [MARIO] * 12


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    """Lock the database for the duration of the block."""
    if url.startswith("sqlite"):
        with contextlib.closing(
            sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        ) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")
    else:
        with psycopg.connect(url) as connection:
            connection.execute("LOCK TABLE models IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()


def longest_gap(server: Server, fake: Fake, url: str) -> float:
    """Return the longest time between two lines while the store is locked."""
    fake.script(PACE)
    with ThreadPoolExecutor(1) as clients, stream_chat(server.url) as lines:
        seen = [next(lines) for _ in range(20)]
        with locked(url):
            refused = clients.submit(create, server, "luigi")
            until = time.monotonic() + LOCKED_S
            while time.monotonic() < until:
                seen.append(next(lines))
            assert refused.result().status_code == 503
        seen += lines
    assert text_of(seen) == PACE["content"]
    return max(
        after.arrived_at - before.arrived_at
        for before, after in zip(seen, seen[1:], strict=False)
    )


@pytest.mark.timing
def test_stream_flows_while_the_store_is_locked(
    upstream_settings: dict[str, str], database_url: str, fake: Fake
) -> None:
    with one_worker(upstream_settings, database_url) as server:
        gaps = []
        while len(gaps) < ATTEMPTS and not any(gap < LONGEST_GAP_S for gap in gaps):
            gaps.append(longest_gap(server, fake, database_url))

        assert min(gaps) < LONGEST_GAP_S, gaps
        assert create(server, "luigi").status_code == 200


def test_served_models_work_while_the_store_is_down(
    upstream_settings: dict[str, str], fake: Fake
) -> None:
    with one_worker(upstream_settings, REFUSED, CAI_MODEL=GPT) as server:
        served = [
            post(server, path, model=GPT, stream=False, **body).status_code
            for path, body in REQUESTS
        ]
        derived = [post(server, path, model="mario", **body) for path, body in REQUESTS]
        created = create(server, "mario")
        listed = requests.get(server.url + "/api/tags", timeout=20).json()["models"]
        log = server.program.output

    assert served == [200] * 3
    assert [response.status_code for response in [*derived, created]] == [503] * 4
    assert derived[0].json() == {
        "error": "the store of derived models cannot be reached; try again later"
    }
    assert f"{GPT}:latest" in [each["name"] for each in listed]
    assert log.count("The store cannot be reached") == 1
    assert "secret" not in log


def backends(url: str) -> list[int]:
    """Return the ids of the database processes that serve Cerellama."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE application_name = 'cerellama' AND datname = current_database()"
        )
        return [pid for (pid,) in rows]


def test_silent_database_connection_is_closed(
    upstream_settings: dict[str, str], postgres_url: str, fake: Fake
) -> None:
    with one_worker(upstream_settings, postgres_url) as server:
        create(server, "mario")
        silent = backends(postgres_url)
        for pid in silent:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        fake.script(PACE)
        with ThreadPoolExecutor(1) as clients, stream_chat(server.url) as lines:
            seen = [next(lines)]
            shown = clients.submit(post, server, "/api/show", model="mario")
            seen += lines
        response, waited_s = shown.result(), time.monotonic() - began
        for pid in silent:
            os.kill(pid, signal.SIGCONT)

    assert silent
    assert response.status_code == 200  # by another connection
    assert waited_s < 8
    assert text_of(seen) == PACE["content"]
