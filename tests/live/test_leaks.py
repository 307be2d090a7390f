"""Clients that disconnect at any moment leak no socket, greenlet, object or slot."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.live import counting
from tests.live.http_client import connect, open_socket, send_chat
from tests.live_server import Server, environment, procfile_command, serving

SLOTS = 12
QUEUE = SLOTS  # a larger one could still hold clients that have disconnected
SETTLED_S = 10.0
SPARE_FILES = 2  # the list of models may be loading
SPARE_OBJECTS = 2_000  # of about 100,000: caches that fill at their first use
HEAD = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"

Connect = Callable[[Server, Fake, int], list[Any]]


@pytest.fixture(scope="module")
def counting_server(upstream_settings: dict[str, str]) -> Iterator[Server]:
    settings = environment(
        **upstream_settings,
        WEB_CONCURRENCY="1",
        MAX_UPSTREAM_REQUESTS=str(SLOTS),
        OLLAMA_MAX_QUEUE=str(QUEUE),
    )
    *command, _ = procfile_command()
    with serving([*command, "tests.live.counting:app"], settings) as server:
        yield server


def send_upstream(
    server: Server, fake: Fake, number: int, script: Mapping[str, Any], **fields: Any
) -> list[http.client.HTTPConnection]:
    """Send requests, and return their connections when all are upstream."""
    before = len(fake.inference_requests())
    clients = [send_chat(server, script, **fields) for _ in range(number)]
    fake.inference_requests(at_least=before + number)
    return clients


def before_the_first_byte(server: Server, fake: Fake, number: int) -> list[Any]:
    return send_upstream(server, fake, number, {"hold": "never"})


def on_a_whole_reply(server: Server, fake: Fake, number: int) -> list[Any]:
    return send_upstream(server, fake, number, {"hold": "never"}, stream=False)


def in_silence(server: Server, fake: Fake, number: int) -> list[Any]:
    script = {"content": "a b c", "delta_size": 1, "hold": "never", "after": 3}
    return read_a_line(send_upstream(server, fake, number, script))


def while_it_streams(server: Server, fake: Fake, number: int) -> list[Any]:
    script = {"content": "word " * 900, "tokens_per_second": 100}
    return read_a_line(send_upstream(server, fake, number, script))


def before_a_retry(server: Server, fake: Fake, number: int) -> list[Any]:
    script = {"status": 503, "body": "no", "headers": {"retry-after": "15"}}
    return send_upstream(server, fake, number, script)


def in_the_queue(server: Server, fake: Fake, number: int) -> list[Any]:
    sent = send_upstream(server, fake, SLOTS, {"hold": "never"})
    waiting = [send_chat(server, {"hold": "never"}) for _ in range(QUEUE)]
    return waiting + sent


def in_the_head(server: Server, fake: Fake, number: int) -> list[Any]:
    return [open_socket(server, HEAD) for _ in range(number)]


def in_the_body(server: Server, fake: Fake, number: int) -> list[Any]:
    data = HEAD + b"Content-Length: 99\r\n\r\n{"
    return [open_socket(server, data) for _ in range(number)]


def in_a_chunk(server: Server, fake: Fake, number: int) -> list[Any]:
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n63\r\n{"
    return [open_socket(server, data) for _ in range(number)]


def read_a_line(clients: list[http.client.HTTPConnection]) -> list[Any]:
    for client in clients:
        client.getresponse().readline()
    return clients


MOMENTS: list[Connect] = [
    before_the_first_byte,
    on_a_whole_reply,
    in_silence,
    while_it_streams,
    before_a_retry,
    in_the_queue,
    in_the_head,
    in_the_body,
    in_a_chunk,
]


def disconnect_at_every_moment(server: Server, fake: Fake) -> None:
    for connect_clients in MOMENTS:
        for client in connect_clients(server, fake, SLOTS):
            client.close()


def count_held(server: Server) -> dict[str, int]:
    with closing(connect(server)) as connection:
        connection.request("GET", counting.PATH)
        counts: dict[str, int] = json.load(connection.getresponse())
    return counts


def wait_until_settled(server: Server, limits: Mapping[str, int]) -> dict[str, int]:
    """Return the counts once they are within the limits, or after 10 s."""
    until = time.monotonic() + SETTLED_S
    while True:
        now = count_held(server)
        if time.monotonic() > until or all(now[k] <= limits[k] for k in limits):
            return now
        time.sleep(0.05)


@pytest.mark.timing
def test_disconnects_leak_nothing(counting_server: Server, fake: Fake) -> None:
    empty = count_held(counting_server)
    disconnect_at_every_moment(counting_server, fake)
    at_rest = {"greenlets": empty["greenlets"], "files": empty["files"] + SPARE_FILES}
    before = wait_until_settled(counting_server, at_rest)

    disconnect_at_every_moment(counting_server, fake)
    after = wait_until_settled(counting_server, at_rest)

    assert after["greenlets"] <= empty["greenlets"]
    assert after["files"] <= at_rest["files"]
    assert after["objects"] <= before["objects"] + SPARE_OBJECTS
    all_slots = send_upstream(counting_server, fake, SLOTS, {"hold": "never"})
    for client in all_slots:
        client.close()
