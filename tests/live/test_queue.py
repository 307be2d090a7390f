"""At most so many requests are upstream at once; the others wait, or are told."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.cerebras import Fake
from tests.measured import measured
from tests.processes import wait_until
from tests.serving import Server, environment, procfile_command, serving


@pytest.fixture(scope="module")
def narrow(upstream_settings: dict[str, str]) -> Iterator[Server]:
    """One request at once, one more may wait."""
    settings = environment(
        **upstream_settings,
        WEB_CONCURRENCY="1",
        MAX_UPSTREAM_REQUESTS="1",
        OLLAMA_MAX_QUEUE="1",
    )
    with serving(procfile_command(), settings) as server:
        yield server


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)


def ask(server: Server, prompt: str) -> http.client.HTTPConnection:
    connection = connect(server)
    messages = [{"role": "user", "content": prompt}]
    body = {"model": "gpt-oss-120b", "messages": messages, "stream": False}
    connection.request("POST", "/api/chat", json.dumps(body))
    return connection


def answer(connection: http.client.HTTPConnection) -> tuple[int, dict[str, object]]:
    with contextlib.closing(connection):
        response = connection.getresponse()
        return response.status, json.load(response)


def test_a_full_queue_is_503_and_who_waits_is_served(
    narrow: Server, fake: Fake
) -> None:
    first = ask(narrow, '@fake {"hold": "queue", "content": "first"}')
    fake.inference_requests(at_least=1)
    # Which of the two comes first is not known: one waits, the other is refused.
    others = [ask(narrow, '@fake {"content": "second"}') for _ in range(2)]
    refused = next_to_answer(others)

    status, told = answer(refused)
    fake.release("queue")

    assert (status, told["error"]) == (
        503,
        "server busy, please try again.  maximum pending requests exceeded",
    )
    others.remove(refused)
    assert [answer(first)[0], answer(others[0])[0]] == [200, 200]


def test_a_client_that_leaves_the_queue_is_never_sent_upstream(
    narrow: Server, fake: Fake
) -> None:
    first = ask(narrow, '@fake {"hold": "second", "content": "first"}')
    fake.inference_requests(at_least=1)
    left = ask(narrow, "left")
    wait_until(lambda: queued(narrow) == 1)
    left.close()
    wait_until(lambda: queued(narrow) == 0)
    third = ask(narrow, '@fake {"content": "third"}')
    fake.release("second")

    assert [answer(first)[0], answer(third)[0]] == [200, 200]
    prompts = [r["body"]["messages"][-1]["content"] for r in fake.inference_requests()]
    assert "left" not in prompts


def queued(server: Server) -> float:
    with contextlib.closing(connect(server)) as connection:
        connection.request("GET", "/metrics")
        shown = connection.getresponse().read().decode()
    return measured(shown, "cerellama_queued_requests")


def next_to_answer(
    connections: list[http.client.HTTPConnection],
) -> http.client.HTTPConnection:
    sockets = {connection.sock: connection for connection in connections}
    ready, _, _ = select.select(list(sockets), [], [], 10)
    return sockets[ready[0]]
