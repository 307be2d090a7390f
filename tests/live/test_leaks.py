"""Clients that leave at any moment leave nothing behind: sockets, greenlets, slots."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cerebras import Fake
from tests.live import counting
from tests.serving import Server, environment, procfile_command, serving

SLOTS = 12
WAITING = SLOTS  # or those that follow might come before those that leave are gone
SETTLED_S = 10.0
SPARE_FILES = 2  # a list of models may be on its way
SPARE_OBJECTS = 2_000  # of some 100,000: caches that a path fills when it is first used
HEAD = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"

Hold = Callable[[Server, Fake, int], list[Any]]


@pytest.fixture(scope="module")
def counted(upstream_settings: dict[str, str]) -> Iterator[Server]:
    settings = environment(
        **upstream_settings,
        WEB_CONCURRENCY="1",
        MAX_UPSTREAM_REQUESTS=str(SLOTS),
        OLLAMA_MAX_QUEUE=str(WAITING),
    )
    *command, _ = procfile_command()
    with serving([*command, "tests.live.counting:app"], settings) as server:
        yield server


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)


def ask(
    server: Server, script: Mapping[str, Any], *, stream: bool = True
) -> http.client.HTTPConnection:
    connection = connect(server)
    messages = [{"role": "user", "content": f"@fake {json.dumps(script)}"}]
    body = {"model": "gpt-oss-120b", "messages": messages, "stream": stream}
    connection.request("POST", "/api/chat", json.dumps(body))
    return connection


def asked(
    server: Server, fake: Fake, number: int, script: Mapping[str, Any], **how: Any
) -> list[http.client.HTTPConnection]:
    """So many clients, all of whose requests are upstream."""
    before = len(fake.inference_requests())
    clients = [ask(server, script, **how) for _ in range(number)]
    fake.inference_requests(at_least=before + number)
    return clients


def before_the_first_byte(server: Server, fake: Fake, number: int) -> list[Any]:
    return asked(server, fake, number, {"hold": "never"})


def on_a_whole_answer(server: Server, fake: Fake, number: int) -> list[Any]:
    return asked(server, fake, number, {"hold": "never"}, stream=False)


def in_silence(server: Server, fake: Fake, number: int) -> list[Any]:
    script = {"content": "a b c", "delta_size": 1, "hold": "never", "after": 3}
    return read_a_line(asked(server, fake, number, script))


def while_it_streams(server: Server, fake: Fake, number: int) -> list[Any]:
    script = {"content": "word " * 900, "tokens_per_second": 100}
    return read_a_line(asked(server, fake, number, script))


def before_a_retry(server: Server, fake: Fake, number: int) -> list[Any]:
    script = {"status": 503, "body": "no", "headers": {"retry-after": "15"}}
    return asked(server, fake, number, script)


def in_the_queue(server: Server, fake: Fake, number: int) -> list[Any]:
    holding = asked(server, fake, SLOTS, {"hold": "never"})
    waiting = [ask(server, {"hold": "never"}) for _ in range(WAITING)]
    return waiting + holding


def in_the_head(server: Server, fake: Fake, number: int) -> list[Any]:
    return [sent(server, HEAD) for _ in range(number)]


def in_the_body(server: Server, fake: Fake, number: int) -> list[Any]:
    return [sent(server, f"{HEAD}Content-Length: 99\r\n\r\n{{") for _ in range(number)]


def in_a_chunk(server: Server, fake: Fake, number: int) -> list[Any]:
    chunk = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n63\r\n{{"
    return [sent(server, chunk) for _ in range(number)]


def sent(server: Server, data: str) -> socket.socket:
    address = urlsplit(server.url)
    sock = socket.create_connection((address.hostname, address.port), 10)
    sock.sendall(data.encode())
    return sock


def read_a_line(clients: list[http.client.HTTPConnection]) -> list[Any]:
    for client in clients:
        client.getresponse().readline()
    return clients


MOMENTS: list[Hold] = [
    before_the_first_byte,
    on_a_whole_answer,
    in_silence,
    while_it_streams,
    before_a_retry,
    in_the_queue,
    in_the_head,
    in_the_body,
    in_a_chunk,
]


def leave_at_every_moment(server: Server, fake: Fake) -> None:
    for hold in MOMENTS:
        for client in hold(server, fake, SLOTS):
            client.close()


def held(server: Server) -> dict[str, int]:
    with closing(connect(server)) as connection:
        connection.request("GET", counting.PATH)
        told: dict[str, int] = json.load(connection.getresponse())
    return told


def settled(server: Server, limits: Mapping[str, int]) -> dict[str, int]:
    """What is held once it is no more than this, or when it has had its time."""
    until = time.monotonic() + SETTLED_S
    while True:
        now = held(server)
        if time.monotonic() > until or all(now[k] <= limits[k] for k in limits):
            return now
        time.sleep(0.05)


@pytest.mark.timing
def test_clients_that_leave_leave_nothing_behind(counted: Server, fake: Fake) -> None:
    empty = held(counted)
    leave_at_every_moment(counted, fake)
    at_rest = {"greenlets": empty["greenlets"], "files": empty["files"] + SPARE_FILES}
    before = settled(counted, at_rest)

    leave_at_every_moment(counted, fake)
    after = settled(counted, at_rest)

    assert after["greenlets"] <= empty["greenlets"]
    assert after["files"] <= at_rest["files"]
    assert after["objects"] <= before["objects"] + SPARE_OBJECTS
    for client in asked(counted, fake, SLOTS, {"hold": "never"}):  # all slots are free
        client.close()
