"""What is sent and read on a connection of the pool, byte for byte."""

from __future__ import annotations

import pytest

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from app.upstream.connection import MOST_JOINED
from app.upstream.transport import Answer, Transport
from tests.upstream.conftest import Serve, transport_to
from tests.upstream.servers import Peer, answer, head


def get(transport: Transport, method: str = "GET") -> Answer:
    return transport.send(transport.request(method, "/v1", {}), CancelToken(), 5)


def test_a_request_names_its_host_and_nobody_else(serve: Serve) -> None:
    server = serve(answer(b""))

    get(transport_to(server.base_url))

    assert server.requests[0].line == "GET /v1 HTTP/1.1"
    assert server.requests[0].headers == {"host": f"127.0.0.1:{server.port}"}


def test_credentials_in_the_url_are_no_part_of_the_host(serve: Serve) -> None:
    server = serve(answer(b""))
    url = server.base_url.replace("//", "//user:secret@")

    get(transport_to(url))

    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("size", [1, MOST_JOINED, MOST_JOINED + 1, 5_000_000])
def test_a_body_of_any_size_arrives(serve: Serve, size: int) -> None:
    server = serve(answer(b""))

    transport = transport_to(server.base_url)
    transport.send(transport.request("POST", "/", {}), CancelToken(), 5, b"x" * size)

    assert server.requests[0].body == b"x" * size


def test_a_header_that_would_be_two_is_not_sent(serve: Serve) -> None:
    server = serve(answer(b""))
    transport = transport_to(server.base_url)
    split = transport.request("GET", "/", {"A": "b\r\nC: d"})

    with pytest.raises(UpstreamError):
        transport.send(split, CancelToken(), 5)

    assert not server.requests


@pytest.mark.parametrize(
    ("method", "reply"),
    [
        ("HEAD", head(content_length="9")),
        ("GET", head(204)),
        ("GET", head(304, content_length="9")),
    ],
)
def test_an_answer_without_a_body_leaves_its_connection_to_the_next(
    serve: Serve, method: str, reply: bytes
) -> None:
    server = serve(reply, answer(b"abc"))
    transport = transport_to(server.base_url)

    assert get(transport, method).body.ended
    assert get(transport).body.read_all(9) == b"abc"
    assert server.connections == 1


def test_a_body_where_none_can_be_is_nobodys_answer(serve: Serve) -> None:
    server = serve(head(204) + b"abc", answer(b"abc"))
    transport = transport_to(server.base_url)

    assert get(transport).body.ended
    assert get(transport).body.read_all(9) == b"abc"
    assert server.connections == 2


@pytest.mark.parametrize("end", [Peer.close, Peer.reset], ids=["closed", "reset"])
def test_a_request_whose_answer_began_is_not_sent_again(
    serve: Serve, end: object
) -> None:
    def begin(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nA: ")
        end(peer)  # type: ignore[operator]

    server = serve(answer(b""), begin, answer(b""))
    transport = transport_to(server.base_url)
    get(transport)

    with pytest.raises(Exception, match="cannot reach it"):
        get(transport)

    assert len(server.requests) == 2
