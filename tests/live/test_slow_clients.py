"""Clients that send malformed or slow requests, or do not read."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.live.http_client import open_socket, read_to_end
from tests.live_server import Server, environment, procfile_command, serving
from tests.scripted_server import STREAM, Peer, answer, chunks, text_chunk
from tests.scripted_server import Server as ByteServer

HEAD_S = 10.0  # the default deadline of a head
SLOW_CLIENTS = 50
EVENTS = chunks(text_chunk("word " * 20_000))
IDLE_TIMEOUT_S = 2.0

PARTIAL_HEAD = b"GET / HTTP/1.1\r\nHost: local"
REPLY = (
    "HTTP/1.1 {0}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Connection: close\r\n\r\n{0}"
)


class EndlessUpstream:
    """An upstream that sends events until the connection is closed."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.stopped = threading.Event()
        self.server = ByteServer(self._stream)

    def _stream(self, peer: Peer) -> None:
        if self.server.requests[-1].line.startswith("GET"):
            peer.send(answer({"data": [{"id": "gpt-oss-120b"}]}))
            return
        self.started.set()
        peer.send(STREAM)
        with contextlib.suppress(ConnectionError):
            while True:
                peer.sock.sendall(EVENTS)
        self.stopped.set()


@pytest.fixture(scope="module")
def endless_upstream() -> Iterator[EndlessUpstream]:
    upstream = EndlessUpstream()
    yield upstream
    upstream.server.close()


@pytest.fixture(scope="module")
def strict_server(endless_upstream: EndlessUpstream) -> Iterator[Server]:
    settings = environment(
        CEREBRAS_BASE_URL=endless_upstream.server.base_url,
        CEREBRAS_API_KEY="csk-simulated",
        WEB_CONCURRENCY="1",
        IDLE_TIMEOUT_S=str(int(IDLE_TIMEOUT_S)),
    )
    with serving(procfile_command(), settings) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def slow_heads(strict_server: Server) -> Iterator[list[socket.socket]]:
    """Return clients that began a request when the tests of this file began."""
    with contextlib.ExitStack() as opened:
        clients = [
            opened.enter_context(open_socket(strict_server))
            for _ in range(SLOW_CLIENTS)
        ]
        for client in clients[1:]:
            client.sendall(PARTIAL_HEAD)
        yield clients


def test_script_name_of_a_client_is_ignored(strict_server: Server) -> None:
    with open_socket(strict_server) as client:
        client.sendall(
            b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n"
            b"SCRIPT_NAME: /api\r\nConnection: close\r\n\r\n"
        )

        assert read_to_end(client).decode().startswith("HTTP/1.1 200 OK\r\n")


def test_client_reads_the_reply_to_a_refused_upload(
    strict_server: Server,
) -> None:
    with open_socket(strict_server) as client:
        client.sendall(
            b"POST /api/nothing HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 20000000\r\nConnection: close\r\n\r\n"
        )
        client.sendall(b"x" * 20_000_000)

        assert read_to_end(client).decode().startswith("HTTP/1.1 404 NOT FOUND\r\n")


def test_client_that_does_not_read_is_disconnected(
    strict_server: Server, endless_upstream: EndlessUpstream
) -> None:
    body = json.dumps({"model": "gpt-oss-120b", "prompt": "Go"}).encode()
    with open_socket(strict_server) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(
            b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        assert endless_upstream.started.wait(HEAD_S)
        start = time.monotonic()

        assert endless_upstream.stopped.wait(HEAD_S)

    assert time.monotonic() - start >= IDLE_TIMEOUT_S


def test_slow_head_is_408_and_delays_no_other_client(
    strict_server: Server, slow_heads: list[socket.socket]
) -> None:
    """This test is the last: the slow clients have been waiting since the first."""
    with open_socket(strict_server, b"GET / HTTP/1.0\r\n\r\n") as client:
        assert read_to_end(client).decode().endswith("Ollama is running")

    silent, *slow = slow_heads
    assert {read_to_end(client).decode() for client in slow} == {
        REPLY.format("408 Request Timeout")
    }
    assert read_to_end(silent) == b""
