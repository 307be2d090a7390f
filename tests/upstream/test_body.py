"""A body gives its connection back or throws it away, and never grows without end."""

from __future__ import annotations

import pytest

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from app.upstream.body import Body
from tests.upstream.conftest import Serve, transport_to
from tests.upstream.servers import Peer, Server, answer, head


def open_body(server: Server) -> Body:
    transport = transport_to(server.base_url, peer="Cerebras")
    return transport.send(transport.request("GET", "/", {}), CancelToken(), 5).body


def test_an_empty_body_has_ended_before_it_is_read(serve: Serve) -> None:
    server = serve(answer(b""), answer(b"abc"))

    first = open_body(server)
    second = open_body(server)

    assert first.ended
    assert first.read_all(9) == b""
    assert second.read_all(9) == b"abc"


def test_too_large_a_body_is_not_read_to_its_end(serve: Serve) -> None:
    body = open_body(serve(answer(b"x" * 100)))

    with pytest.raises(UpstreamError, match="too large"):
        body.read_all(99)
    assert body.ended


def test_a_body_that_is_cut_is_a_failure(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.send(head(content_length="9") + b"abc")
        peer.close()

    body = open_body(serve(script))

    with pytest.raises(UpstreamError) as caught:
        body.read_all(9)
    assert caught.value.retryable
    assert body.ended


def test_a_body_that_ends_with_its_connection_is_whole(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.send(head() + b"abc")
        peer.close()

    body = open_body(serve(script))

    assert body.read_all(9) == b"abc"


def test_reading_nothing_for_a_while_is_no_end(serve: Serve) -> None:
    body = open_body(serve(head(content_length="9")))

    assert [body.read(0.01), body.read(0.01)] == [b"", b""]
    assert not body.ended
    body.close()
    assert body.ended
