"""The queue for slots: one slot, and one place in the queue."""

import contextlib
import http.client
import json
import select
from collections.abc import Iterator

import pytest

from tests.cerebras import Fake
from tests.live.http_client import connect, send_chat
from tests.live_server import Server, environment, procfile_command, serving
from tests.metric_samples import sum_samples
from tests.processes import wait_until


@pytest.fixture(scope="module")
def one_slot(upstream_settings: dict[str, str]) -> Iterator[Server]:
    """Return a server with one slot and a queue for one request."""
    settings = environment(
        **upstream_settings,
        WEB_CONCURRENCY="1",
        MAX_UPSTREAM_REQUESTS="1",
        OLLAMA_MAX_QUEUE="1",
    )
    with serving(procfile_command(), settings) as server:
        yield server


def read_reply(connection: http.client.HTTPConnection) -> tuple[int, dict[str, object]]:
    with contextlib.closing(connection):
        response = connection.getresponse()
        return response.status, json.load(response)


def test_full_queue_is_503_and_waiting_requests_are_served(
    one_slot: Server, fake: Fake
) -> None:
    first = send_chat(one_slot, {"hold": "queue", "content": "first"}, stream=False)
    fake.inference_requests(at_least=1)
    # Either of the two may be first: one waits, the other is refused.
    script = {"content": "second"}
    others = [send_chat(one_slot, script, stream=False) for _ in range(2)]
    refused = wait_for_any_reply(others)

    status, reply = read_reply(refused)
    fake.release("queue")

    assert (status, reply["error"]) == (
        503,
        "server busy, please try again.  maximum pending requests exceeded",
    )
    others.remove(refused)
    assert [read_reply(first)[0], read_reply(others[0])[0]] == [200, 200]


def test_request_whose_client_left_the_queue_is_not_sent(
    one_slot: Server, fake: Fake
) -> None:
    first = send_chat(one_slot, {"hold": "second", "content": "first"}, stream=False)
    fake.inference_requests(at_least=1)
    left = send_chat(one_slot, "left", stream=False)
    wait_until(lambda: queued_requests(one_slot) == 1)
    left.close()
    wait_until(lambda: queued_requests(one_slot) == 0)
    third = send_chat(one_slot, {"content": "third"}, stream=False)
    fake.release("second")

    assert [read_reply(first)[0], read_reply(third)[0]] == [200, 200]
    prompts = [r["body"]["messages"][-1]["content"] for r in fake.inference_requests()]
    assert "left" not in prompts


def queued_requests(server: Server) -> float:
    with contextlib.closing(connect(server)) as connection:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    return sum_samples(text, "cerellama_queued_requests")


def wait_for_any_reply(
    connections: list[http.client.HTTPConnection],
) -> http.client.HTTPConnection:
    sockets = {connection.sock: connection for connection in connections}
    ready, _, _ = select.select(list(sockets), [], [], 10)
    return sockets[ready[0]]
