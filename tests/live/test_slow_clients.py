"""Clients that send no HTTP, or not fast enough, or take nothing."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.serving import Server, environment, procfile_command, serving
from tests.upstream.servers import STREAM, Peer, chunks, said
from tests.upstream.servers import Server as ByteServer
from tests.upstream.servers import answer as answered

HEAD_S = 10.0  # the deadline as it is shipped, and what a busy machine may add
LATE_S = 4.0
SLOW = 50
POURED = chunks(said("word " * 20_000))
IDLE_TIMEOUT_S = 2.0

BEGINNING = b"GET / HTTP/1.1\r\nHost: local"
REFUSED = (
    "HTTP/1.1 {0}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Connection: close\r\n\r\n{0}"
)


class Spring:
    """An upstream whose answer never ends, until nobody takes it."""

    def __init__(self) -> None:
        self.flows = threading.Event()
        self.has_stopped = threading.Event()
        self.server = ByteServer(self._pour)

    def _pour(self, peer: Peer) -> None:
        if self.server.requests[-1].line.startswith("GET"):
            peer.send(answered({"data": [{"id": "gpt-oss-120b"}]}))
            return
        self.flows.set()
        peer.send(STREAM)
        with contextlib.suppress(ConnectionError):
            while True:
                peer.sock.sendall(POURED)
        self.has_stopped.set()


@pytest.fixture(scope="module")
def spring() -> Iterator[Spring]:
    spring = Spring()
    yield spring
    spring.server.close()


@pytest.fixture(scope="module")
def impatient(spring: Spring) -> Iterator[Server]:
    settings = environment(
        CEREBRAS_BASE_URL=spring.server.base_url,
        CEREBRAS_API_KEY="csk-simulated",
        WEB_CONCURRENCY="1",
        IDLE_TIMEOUT_S=str(int(IDLE_TIMEOUT_S)),
    )
    with serving(procfile_command(), settings) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def slow_heads(impatient: Server) -> Iterator[list[socket.socket]]:
    """Begun with the module: their time passes while the other tests run."""
    with contextlib.ExitStack() as opened:
        clients = [opened.enter_context(connected(impatient)) for _ in range(SLOW)]
        for client in clients[1:]:
            client.sendall(BEGINNING)
        yield clients


def connected(server: Server) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port), HEAD_S + LATE_S)


def answer(client: socket.socket) -> str:
    return b"".join(iter(lambda: client.recv(4096), b"")).decode()


@pytest.mark.parametrize(
    ("head", "line"),
    [
        (b"NONSENSE\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nsecret\r\n\r\n", "400 Bad Request"),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\n\r\n",
            "400 Bad Request",
        ),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", "414 URI Too Long"),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
            "431 Request Header Fields Too Large",
        ),
    ],
    ids=["no HTTP", "no host", "bytes", "no header", "coding", "long path", "long"],
)
def test_what_is_no_request_is_refused_in_one_plain_line(
    impatient: Server, head: bytes, line: str
) -> None:
    with connected(impatient) as client:
        client.sendall(head)

        assert answer(client) == REFUSED.format(line)
    assert "secret" not in impatient.program.output
    assert "Invalid" not in impatient.program.output


def test_no_client_says_where_our_paths_begin(impatient: Server) -> None:
    with connected(impatient) as client:
        client.sendall(
            b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n"
            b"SCRIPT_NAME: /api\r\nConnection: close\r\n\r\n"
        )

        assert answer(client).startswith("HTTP/1.1 200 OK\r\n")


def test_a_refused_upload_is_answered_before_the_connection_is_closed(
    impatient: Server,
) -> None:
    with connected(impatient) as client:
        client.sendall(
            b"POST /api/nothing HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 20000000\r\nConnection: close\r\n\r\n"
        )
        client.sendall(b"x" * 20_000_000)

        assert answer(client).startswith("HTTP/1.1 404 NOT FOUND\r\n")


def test_a_reader_that_takes_nothing_is_dropped_and_its_upstream_closed(
    impatient: Server, spring: Spring
) -> None:
    body = json.dumps({"model": "gpt-oss-120b", "prompt": "Go"}).encode()
    with connected(impatient) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(
            b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        assert spring.flows.wait(HEAD_S)
        begun = time.monotonic()

        assert spring.has_stopped.wait(HEAD_S)

    assert time.monotonic() - begun >= IDLE_TIMEOUT_S


def test_a_head_that_does_not_come_is_408_and_harms_nobody(
    impatient: Server, slow_heads: list[socket.socket]
) -> None:
    """The last test here: the deadline has come nearer meanwhile."""
    with connected(impatient) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert answer(client).endswith("Ollama is running")

    silent, *slow = slow_heads
    assert {answer(client) for client in slow} == {
        REFUSED.format("408 Request Timeout")
    }
    assert answer(silent) == ""
