"""HTTPS: responses are read as they arrive; connections are reused only when safe."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

import pytest

from app.errors import Cancelled, UpstreamError
from app.http1.cancel import CancelToken
from app.http1.client import ResponseBody
from app.http1.connection import MAX_READ_BYTES
from tests.http1.conftest import MAX_BODY_BYTES, Serve, fetch, make_client, send
from tests.scripted_server import STREAM, Peer, answer, chunk, head

HI = answer(b"hi")
LAST_CHUNK = b"0\r\n\r\n"
disconnects = pytest.mark.parametrize(
    "disconnect", [Peer.close, Peer.reset], ids=["close", "reset"]
)


def read_pieces(body: ResponseBody) -> list[bytes]:
    pieces = []
    while not body.ended:
        pieces.append(body.read(5))
    return [piece for piece in pieces if piece]


def test_connection_is_reused(serve: Serve) -> None:
    server = serve(HI, STREAM + chunk(b"hi") + LAST_CHUNK, HI, tls=True)
    client = make_client(server.base_url)

    assert [fetch(client) for _ in range(5)] == [b"hi"] * 5
    assert server.connections == 1


def test_records_that_have_arrived_are_read_together(serve: Serve) -> None:
    sent = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, *[chunk(b"a") for _ in range(200)])
        sent.set()
        peer.send(LAST_CHUNK)

    body = send(make_client(serve(script, tls=True).base_url)).body

    assert sent.wait(5)
    pieces = read_pieces(body)
    assert b"".join(pieces) == b"a" * 200
    assert len(pieces) < 20


def test_excess_bytes_that_openssl_holds_are_no_response(serve: Serve) -> None:
    """They came in one record with the end of the response before them."""
    head_read, sent = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.send(head(content_length=str(MAX_READ_BYTES)))
        assert head_read.wait(5)
        peer.send(b"x" * (MAX_READ_BYTES - 1), b"x" + answer(b"stale"))
        sent.set()

    server = serve(script, answer(b"right"), tls=True)
    client = make_client(server.base_url)
    first = send(client)
    head_read.set()
    assert sent.wait(5)

    assert first.body.read_all(MAX_READ_BYTES) == b"x" * MAX_READ_BYTES

    assert fetch(client) == b"right"
    assert server.connections == 2


@pytest.mark.parametrize(
    "parts",
    [
        [answer(b"x" * 6_000_000)],
        [STREAM, *[chunk(b"x" * 2000)] * 3000, LAST_CHUNK],
    ],
    ids=["one body", "many records"],
)
def test_large_response_arrives_whole(serve: Serve, parts: list[bytes]) -> None:
    client = make_client(serve(lambda peer: peer.send(*parts), tls=True).base_url)

    assert fetch(client) == b"x" * 6_000_000


def test_body_read_returns_what_has_arrived_or_nothing(serve: Serve) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunk(b"a"))
        assert go_on.wait(5)
        peer.send(chunk(b"b"), LAST_CHUNK)

    body = send(make_client(serve(script, tls=True).base_url)).body

    assert [body.read(5), body.read(0.05), body.read(0.05)] == [b"a", b"", b""]
    go_on.set()
    assert body.read_all(9) == b"b"


@pytest.mark.parametrize(
    "sent",
    [b"", head(content_length="9"), STREAM + chunk(b"a")],
    ids=["nothing", "head", "chunk"],
)
def test_cancel_ends_a_wait_under_threads(serve: Serve, sent: bytes) -> None:
    closed_at: list[float] = []
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        closed_at.append(peer.wait_until_gone())
        closed.set()

    server = serve(script, tls=True)
    cancel = CancelToken()
    cancelled_at: list[float] = []

    def cancel_request() -> None:
        server.wait_for(1)
        cancelled_at.append(monotonic())
        cancel.cancel()

    threading.Thread(target=cancel_request).start()
    with pytest.raises(Cancelled):
        send(make_client(server.base_url), cancel=cancel).body.read_all(100)

    assert closed.wait(5)
    assert closed_at[0] - cancelled_at[0] < 0.1


@disconnects
def test_request_on_a_stale_connection_is_sent_again_on_a_new_one(
    serve: Serve, disconnect: Any
) -> None:
    server = serve(HI, disconnect, HI, tls=True)
    client = make_client(server.base_url)

    assert [fetch(client), fetch(client)] == [b"hi", b"hi"]
    assert server.connections == 2


@disconnects
def test_body_that_is_cut_short_is_an_error(serve: Serve, disconnect: Any) -> None:
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunk(b"a"))
        assert read.wait(5)
        disconnect(peer)

    body = send(make_client(serve(script, tls=True).base_url)).body
    assert body.read(5) == b"a"
    read.set()

    with pytest.raises(UpstreamError, match="cut short"):
        body.read_all(MAX_BODY_BYTES)
