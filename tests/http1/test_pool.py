"""Connections are reused only if that is safe; stale ones cost nothing."""

import time
from collections.abc import Iterator

import pytest

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from tests.http1.conftest import (
    Disconnect,
    Serve,
    disconnects,
    fetch,
    make_client,
    over_both,
    send,
)
from tests.scripted_server import STREAM, Peer, answer, chunk, head

HI = answer(b"hi")


@over_both
@pytest.mark.parametrize(
    "reply",
    [HI, b"".join([STREAM, chunk(b"h"), chunk(b"i"), b"0\r\nA: b\r\n\r\n"])],
    ids=["content-length", "chunked"],
)
def test_connection_is_reused_after_a_whole_response(
    serve: Serve, reply: bytes, tls: bool
) -> None:
    server = serve(reply, answer(b"", 404), reply, tls=tls)
    client = make_client(server.base_url)

    assert [fetch(client), fetch(client), fetch(client)] == [b"hi", b"", b"hi"]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("method", "reply"),
    [
        ("HEAD", head(content_length="9")),
        ("GET", head(204)),
        ("GET", head(304, content_length="9")),
    ],
)
def test_connection_is_reused_after_a_response_without_a_body(
    serve: Serve, method: str, reply: bytes
) -> None:
    server = serve(reply, HI)
    client = make_client(server.base_url)

    assert send(client, method).body.ended
    assert fetch(client) == b"hi"
    assert server.connections == 1


@pytest.mark.parametrize(
    ("reply", "is_read"),
    [
        (HI + HI, True),
        (head(204) + b"abc", True),
        (answer(b"hi", connection="close"), True),
        (STREAM + chunk(b"a"), False),
    ],
    ids=["second response", "body of a 204", "Connection: close", "unread body"],
)
def test_connection_is_not_reused(serve: Serve, reply: bytes, is_read: bool) -> None:
    server = serve(reply, HI)
    client = make_client(server.base_url)

    body = send(client).body
    if is_read:
        body.read_all(9)
    body.close()

    assert fetch(client) == b"hi"
    assert server.connections == 2


def test_only_pool_size_connections_are_kept(serve: Serve) -> None:
    server = serve(head(content_length="2"))
    client = make_client(server.base_url, pool_size=1)
    bodies = [send(client).body for _ in range(2)]
    for sock in server.sockets():
        sock.sendall(b"hi")
    assert [body.read_all(9) for body in bodies] == [b"hi", b"hi"]

    bodies = [send(client).body for _ in range(2)]

    assert server.connections == 3
    for body in bodies:
        body.close()


def test_cancel_after_the_response_does_not_harm_the_connection(serve: Serve) -> None:
    server = serve(HI)
    client = make_client(server.base_url)
    cancel = CancelToken()

    send(client, cancel=cancel).body.read_all(9)
    cancel.cancel()

    assert fetch(client) == b"hi"
    assert server.connections == 1


@over_both
@disconnects
def test_request_on_a_stale_connection_is_sent_again_on_a_new_one(
    serve: Serve, disconnect: Disconnect, tls: bool
) -> None:
    server = serve(HI, disconnect, HI, tls=tls)
    client = make_client(server.base_url)

    assert [fetch(client), fetch(client)] == [b"hi", b"hi"]
    assert [request.connection for request in server.requests] == [1, 1, 2]


def test_closed_idle_connections_are_replaced_before_a_request(serve: Serve) -> None:
    server = serve(HI)
    client = make_client(server.base_url)
    bodies = [send(client).body for _ in range(2)]
    for body in bodies:
        body.read_all(9)
    for sock in server.sockets():
        sock.shutdown(2)

    assert fetch(client) == b"hi"
    assert [request.connection for request in server.requests] == [1, 2, 3]


def test_only_one_stale_connection_is_tried(serve: Serve) -> None:
    server = serve(head(content_length="2"), head(content_length="2"), Peer.reset, HI)
    client = make_client(server.base_url)
    bodies = [send(client).body for _ in range(2)]
    for sock in server.sockets():
        sock.sendall(b"hi")
    for body in bodies:
        body.read_all(9)

    assert fetch(client) == b"hi"
    assert server.requests[-1].connection == 3


def test_request_is_sent_at_most_twice(serve: Serve) -> None:
    server = serve(HI, Peer.reset)
    client = make_client(server.base_url)
    fetch(client)

    with pytest.raises(UpstreamError) as caught:
        fetch(client)

    assert caught.value.retryable
    assert len(server.requests) == 3


def test_request_on_a_new_connection_is_not_sent_again(serve: Serve) -> None:
    server = serve(Peer.close)

    with pytest.raises(UpstreamError, match="it: the connection was closed") as caught:
        fetch(make_client(server.base_url))

    assert caught.value.retryable
    assert len(server.requests) == 1


@disconnects
@pytest.mark.parametrize(
    "begun", [b"HTTP/1.1 200 OK\r\nA: ", head(content_length="9")], ids=["head", "body"]
)
def test_request_whose_response_began_is_not_sent_again(
    serve: Serve, disconnect: Disconnect, begun: bytes
) -> None:
    def script(peer: Peer) -> None:
        peer.send(begun)
        time.sleep(0.05)  # a reset may discard what the client has not read
        disconnect(peer)

    server = serve(HI, script, HI)
    client = make_client(server.base_url)
    fetch(client)

    with pytest.raises(UpstreamError, match="its answer|it's answer"):
        fetch(client)

    assert len(server.requests) == 2


class Upload:
    """A request body that can be read once."""

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"abc", b"def")


def test_fresh_request_uses_a_new_connection(serve: Serve) -> None:
    server = serve(HI)
    client = make_client(server.base_url)
    fetch(client)

    request = client.make_request("POST", "/", {"Content-Length": "6"})
    client.send(request, CancelToken(), 5, Upload(), new_connection=True).body.close()

    assert server.requests[1].body == b"abcdef"
    assert [each.connection for each in server.requests] == [1, 2]
