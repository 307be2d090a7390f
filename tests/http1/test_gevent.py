"""The client under gevent's patches, in a process of its own."""

import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent
import pytest

from app.errors import Cancelled, UpstreamError
from app.http1 import readiness
from app.http1.cancel import CancelToken
from app.http1.client import HTTPClient, ResponseBody
from tests.http1.conftest import Serve, over_both
from tests.scripted_server import STREAM, Peer, Server, answer, chunk, head
from tests.under_gevent import run_under_gevent

MAX_BODY_BYTES = 1 << 24
SETTLE_S = 0.1  # until the client waits for what the test's server sends next


def make_client(url: str) -> HTTPClient:
    return HTTPClient(url, pool_size=64, connect_timeout_s=20, peer="it")


def open_body(client: HTTPClient, cancel: CancelToken) -> ResponseBody:
    return client.send(client.make_request("GET", "/v1", {}), cancel, 20).body


def cancel_after_stdin(cancel: CancelToken, cancelled_at: list[float]) -> None:
    """Cancel in the hub, where nothing may block, once standard input has ended."""

    def cancel_now() -> None:
        cancelled_at.append(monotonic())
        cancel.cancel()

    select.select([sys.stdin], [], [])
    gevent.sleep(SETTLE_S)
    gevent.get_hub().loop.run_callback(cancel_now)


def cancel_while_waiting(url: str) -> dict[str, Any]:
    """Return how long a request lasts after its token was cancelled."""
    cancel = CancelToken()
    cancelled_at: list[float] = []
    gevent.spawn(cancel_after_stdin, cancel, cancelled_at)
    client = make_client(url)
    descriptors = os.listdir("/proc/self/fd")
    try:
        open_body(client, cancel).read_all(MAX_BODY_BYTES)
    except Cancelled:
        took_s = monotonic() - cancelled_at[0]
        left_open = len(os.listdir("/proc/self/fd")) - len(descriptors)
        return {"took_s": took_s, "left_open": left_open}
    return {}


class LateCancelToken(CancelToken):
    """Cancels a request at the moment at which its connection is open."""

    def wait(self, event: threading.Event, seconds: float | None = None) -> None:
        super().wait(event, seconds)
        self.cancel()
        self.raise_if_cancelled()


def cancel_when_connected(url: str) -> dict[str, Any]:
    """Return how many descriptors a cancelled request leaves open."""
    cancel, client = LateCancelToken(), make_client(url)
    descriptors = os.listdir("/proc/self/fd")
    try:
        open_body(client, cancel)
    except Cancelled:
        return {"left_open": len(os.listdir("/proc/self/fd")) - len(descriptors)}
    return {}


def fetch_many(url: str) -> dict[str, Any]:
    """Return the bodies of many requests, one after another and all at once."""
    client = make_client(url)

    def fetch() -> str:
        return open_body(client, CancelToken()).read_all(MAX_BODY_BYTES).decode()

    in_a_row = [fetch() for _ in range(5)]
    at_once = [gevent.spawn(fetch) for _ in range(50)]
    gevent.joinall(at_once, raise_error=True)
    return {"bodies": sorted({*in_a_row, *[each.value for each in at_once]})}


def read_silence(url: str) -> dict[str, Any]:
    body = open_body(make_client(url), CancelToken())
    pieces = [body.read(0.05).decode() for _ in range(3)]
    body.close()
    return {"pieces": pieces}


def fail(url: str) -> dict[str, Any]:
    try:
        open_body(make_client(url), CancelToken()).read_all(MAX_BODY_BYTES)
    except UpstreamError as error:
        return {"error": error.message}
    return {}


def inspect_readiness() -> dict[str, Any]:
    """Return whether gevent has the internals that readiness.py uses."""
    gevent.sleep(0)  # starts the hub
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return {
            "waits": readiness.read_waiter(ours) is not readiness.no_wait,
            "unwrapped": readiness.unwrapped(ours) is not ours,
        }


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

        result = run_under_gevent(
            cancel_while_waiting, f"http://127.0.0.1:{address[1]}"
        )

        for filler in fillers:
            filler.close()
    assert_cancelled_at_once(result)


def test_connection_that_opens_as_its_request_is_cancelled_is_closed(
    serve: Serve,
) -> None:
    server = serve(answer(b""))

    assert run_under_gevent(cancel_when_connected, server.base_url) == {"left_open": 0}
    assert server.requests == []


def test_cancel_ends_a_tls_handshake() -> None:
    server = SilentServer()

    result = run_under_gevent(
        cancel_while_waiting, f"https://{server.address}", wait=server.accepted.wait
    )

    assert_cancelled_at_once(result)
    assert server.closed.wait(5)


@over_both
def test_cancel_ends_the_wait_for_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    proxy = SilentServer()
    monkeypatch.setenv("https_proxy", f"http{'s' if tls else ''}://{proxy.address}")

    result = run_under_gevent(
        cancel_while_waiting, "https://upstream.invalid", wait=proxy.accepted.wait
    )

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

    result = run_under_gevent(
        cancel_while_waiting, server.base_url, wait=wait_for_request(server)
    )

    assert_cancelled_at_once(result)
    assert closed.wait(5)
    assert len(server.requests) == 1


def test_tunnel_through_an_https_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(answer(b"hi"), tls=True)
    proxy = serve(lambda peer: peer.tunnel_to(server.port), tls=True)
    monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{proxy.port}")

    assert run_under_gevent(fetch_many, server.base_url) == {"bodies": ["hi"]}
    assert len(proxy.requests) == server.connections


def test_silence_does_not_end_a_body(serve: Serve) -> None:
    server = serve(STREAM + chunk(b"a"))

    assert run_under_gevent(read_silence, server.base_url) == {"pieces": ["a", "", ""]}


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

    assert run_under_gevent(fetch_many, server.base_url) == {"bodies": ["é😀語" * 20]}
    assert len(server.requests) == 55
    assert server.connections <= 50


@over_both
def test_body_that_is_cut_short_is_an_error(serve: Serve, tls: bool) -> None:
    def script(peer: Peer) -> None:
        peer.send(STREAM, chunk(b"a"))
        peer.close()

    result = run_under_gevent(fail, serve(script, tls=tls).base_url)

    assert result["error"].startswith("it's answer was cut short")


def test_failed_connect_is_an_error_without_a_traceback() -> None:
    result = run_under_gevent(fail, "http://127.0.0.1:9")

    assert result == {"error": "cannot reach it: connection refused"}


def test_gevent_has_the_internals_that_readiness_uses() -> None:
    assert run_under_gevent(inspect_readiness) == {"waits": True, "unwrapped": True}, (
        "gevent has changed: each event now costs a failing read first"
    )
