"""A body gives its connection back or throws it away, and never grows without end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from app.errors import UpstreamError
from app.upstream.body import Body
from app.upstream.cancel import Cancel
from app.upstream.failures import Failure
from tests.upstream.conftest import Serve
from tests.upstream.servers import Peer, answer, head


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def open_body(session: requests.Session, url: str, cancel: Cancel) -> Body:
    raw = session.get(url, stream=True, timeout=5).raw
    return Body(raw, cancel, 5, "Cerebras")


def test_an_empty_body_has_ended_before_it_is_read(
    serve: Serve, session: requests.Session
) -> None:
    server = serve(answer(b""), answer(b"abc"))

    first = open_body(session, server.base_url, Cancel())
    second = open_body(session, server.base_url, Cancel())

    assert first.ended
    assert first.read_all(9) == b""
    assert second.read_all(9) == b"abc"


def test_too_large_a_body_is_not_read_to_its_end(
    serve: Serve, session: requests.Session
) -> None:
    body = open_body(session, serve(answer(b"x" * 100)).base_url, Cancel())

    with pytest.raises(UpstreamError, match="too large"):
        body.read_all(99)
    assert body.ended


def test_a_body_that_is_cut_is_a_failure(
    serve: Serve, session: requests.Session
) -> None:
    def script(peer: Peer) -> None:
        peer.send(head(content_length="9") + b"abc")
        peer.close()

    body = open_body(session, serve(script).base_url, Cancel())

    with pytest.raises(Failure):
        body.read_all(9)
    assert body.ended


def test_a_body_that_ends_with_its_connection_is_whole(
    serve: Serve, session: requests.Session
) -> None:
    def script(peer: Peer) -> None:
        peer.send(head() + b"abc")
        peer.close()

    body = open_body(session, serve(script).base_url, Cancel())

    assert body.read_all(9) == b"abc"


def test_reading_nothing_for_a_while_is_no_end(
    serve: Serve, session: requests.Session
) -> None:
    body = open_body(session, serve(head(content_length="9")).base_url, Cancel())

    assert [body.read(0.01), body.read(0.01)] == [b"", b""]
    assert not body.ended
    body.close()
    assert body.ended
