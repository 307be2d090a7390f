"""HTTPS: responses are read as they arrive; connections are reused only when safe."""

import threading

import pytest

from app.http1.client import ResponseBody
from app.http1.connection import MAX_READ_BYTES
from tests.http1.conftest import Serve, fetch, make_client, send
from tests.scripted_server import STREAM, Peer, answer, chunk, head

LAST_CHUNK = b"0\r\n\r\n"


def read_pieces(body: ResponseBody) -> list[bytes]:
    pieces = []
    while not body.ended:
        pieces.append(body.read(5))
    return [piece for piece in pieces if piece]


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
