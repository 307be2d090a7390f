"""The client under gevent's patches, in a process of its own."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.http1.conftest import Serve, over_both
from tests.scripted_server import STREAM, Peer, Server, answer, chunk, head

PROJECT = Path(__file__).parents[2]


def play(scene: str, url: str, wait: Callable[[], object] = lambda: None) -> Any:
    """Return the result of a scene; close its standard input once `wait` returns."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.http1.under_gevent", scene, url],
        cwd=PROJECT,
        env=os.environ | {"COVERAGE_CONCURRENCY": "gevent"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        wait()
        stdout, stderr = program.communicate(timeout=60)
    assert (program.returncode, stderr) == (0, "")
    return json.loads(stdout)


def wait_for_request(server: Server) -> Callable[[], object]:
    return lambda: server.wait_for(1)


class SilentServer:
    """Accepts connections, sends nothing, and notes when they are closed."""

    def __init__(self) -> None:
        self.accepted = threading.Event()
        self.closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        with self._listener, sock:
            sock.settimeout(10)
            sock.recv(1 << 16)  # a ClientHello or a CONNECT request
            self.accepted.set()
            if sock.recv(1) == b"":
                self.closed.set()


def assert_cancelled_at_once(result: dict[str, Any]) -> None:
    assert result["took_s"] < 0.1
    assert result["left_open"] == 0


def test_cancel_ends_connecting() -> None:
    """The queue of the listener is full, so that the system does not answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)

        result = play("cancel", f"http://127.0.0.1:{address[1]}")

        for filler in fillers:
            filler.close()
    assert_cancelled_at_once(result)


def test_connection_that_opens_as_its_request_is_cancelled_is_closed(
    serve: Serve,
) -> None:
    server = serve(answer(b""))

    assert play("cancel_when_connected", server.base_url) == {"left_open": 0}
    assert server.requests == []


def test_cancel_ends_a_tls_handshake() -> None:
    server = SilentServer()

    result = play("cancel", f"https://{server.address}", server.accepted.wait)

    assert_cancelled_at_once(result)
    assert server.closed.wait(5)


@over_both
def test_cancel_ends_the_wait_for_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    proxy = SilentServer()
    monkeypatch.setenv("https_proxy", f"http{'s' if tls else ''}://{proxy.address}")

    result = play("cancel", "https://upstream.invalid", proxy.accepted.wait)

    assert_cancelled_at_once(result)
    assert proxy.closed.wait(5)


@over_both
@pytest.mark.parametrize(
    "sent",
    [b"", head(content_length="9"), STREAM + chunk(b"a")],
    ids=["nothing", "head", "chunk"],
)
def test_cancel_ends_the_wait_for_a_response(
    serve: Serve, sent: bytes, tls: bool
) -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        peer.wait_until_gone()
        closed.set()

    server = serve(script, tls=tls)

    result = play("cancel", server.base_url, wait_for_request(server))

    assert_cancelled_at_once(result)
    assert closed.wait(5)
    assert len(server.requests) == 1


def test_tunnel_through_an_https_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(answer(b"hi"), tls=True)
    proxy = serve(lambda peer: peer.tunnel_to(server.port), tls=True)
    monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{proxy.port}")

    assert play("fetch_many", server.base_url) == {"bodies": ["hi"]}
    assert len(proxy.requests) == server.connections


def test_silence_does_not_end_a_body(serve: Serve) -> None:
    server = serve(STREAM + chunk(b"a"))

    assert play("read_silence", server.base_url) == {"pieces": ["a", "", ""]}


@over_both
def test_many_requests_at_once_reuse_connections(serve: Serve, tls: bool) -> None:
    pace = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM)
        for word in ["é", "😀", "語"] * 20:
            peer.send(chunk(word.encode()))
            pace.wait(0.001)
        peer.send(b"0\r\n\r\n")

    server = serve(script, tls=tls)

    assert play("fetch_many", server.base_url) == {"bodies": ["é😀語" * 20]}
    assert len(server.requests) == 55
    assert server.connections <= 50


@over_both
def test_body_that_is_cut_short_is_an_error(serve: Serve, tls: bool) -> None:
    def script(peer: Peer) -> None:
        peer.send(STREAM, chunk(b"a"))
        peer.close()

    result = play("fail", serve(script, tls=tls).base_url)

    assert result["error"].startswith("it's answer was cut short")


def test_failed_connect_is_an_error_without_a_traceback() -> None:
    result = play("fail", "http://127.0.0.1:9")

    assert result == {"error": "cannot reach it: connection refused"}


def test_gevent_has_the_internals_that_readiness_uses() -> None:
    assert play("inspect_readiness", "") == {"waits": True, "unwrapped": True}, (
        "gevent has changed: each event now costs a failing read first"
    )
