"""Below requests: what of urllib3, http.client and gevent we lean on is as it was."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest
import requests
import urllib3

from app.errors import UpstreamTimeout
from app.upstream.socketread import (
    PublicReader,
    Sized,
    SocketReader,
    Unsized,
    hand_back,
    open_body,
)
from app.wire import chunked
from tests.upstream.conftest import Serve
from tests.upstream.servers import STREAM, answer, chunks, event, head, said

CHANGED = """
urllib3 or http.client has changed inside: every event now costs a read of its own.
Look at app/upstream/socketread.py before you pin the new version.
"""


def get(serve: Serve, reply: bytes) -> Iterator[urllib3.HTTPResponse]:
    with requests.Session() as session:
        response = session.get(serve(reply).base_url, stream=True, timeout=5)
        yield response.raw
        response.close()


@pytest.mark.parametrize(
    ("reply", "framing"),
    [
        (STREAM + chunks(said("a")), chunked.Decoder),
        (head(content_length="9") + b"abc", Sized),
        (head() + b"abc", Unsized),
        (head(connection="close", content_length="9") + b"abc", Sized),
    ],
    ids=["chunked", "sized", "unsized", "closing"],
)
def test_the_pinned_versions_let_us_read_below_them(
    serve: Serve, reply: bytes, framing: type
) -> None:
    for raw in get(serve, reply):
        reader, found = open_body(raw)

        assert isinstance(reader, SocketReader), CHANGED
        assert isinstance(found, framing), CHANGED
        assert reply.endswith(reader.read(5))


def test_a_read_brings_all_that_has_come(serve: Serve) -> None:
    events = chunks(*[said("x" * 50)] * 300)
    for raw in get(serve, STREAM + events):
        reader, _ = open_body(raw)
        brought = [reader.read(5)]
        while sum(map(len, brought)) < len(events):
            brought.append(reader.read(5))

        assert b"".join(brought) == events
        assert len(brought) <= 4


def test_a_socket_is_read_on_after_a_timeout(serve: Serve) -> None:
    for raw in get(serve, STREAM):
        reader, _ = open_body(raw)

        for _ in range(3):
            with pytest.raises(TimeoutError):
                reader.read(0.01)


def test_a_body_of_a_known_size_ends_there() -> None:
    framing = Sized(5)

    assert (framing.feed(b"abc"), framing.done) == (b"abc", False)
    assert (framing.feed(b"defg"), framing.done, framing.excess) == (b"de", True, True)
    assert (framing.feed(b"h"), framing.done) == (b"", True)
    assert Sized(0).done


def strange(body: object) -> urllib3.HTTPResponse:
    """A response that is not made of http.client's parts."""
    return urllib3.HTTPResponse(
        body=body,  # type: ignore[arg-type]
        preload_content=False,
        decode_content=False,
    )


def test_a_response_of_unknown_parts_is_read_the_public_way() -> None:
    raw = strange(io.BytesIO(b"abc"))

    reader, framing = open_body(raw)

    assert isinstance(reader, PublicReader)
    assert isinstance(framing, Unsized)
    assert [reader.read(5), reader.read(5)] == [b"abc", b""]
    hand_back(raw)


def test_the_public_way_is_timely_too(serve: Serve) -> None:
    for raw in get(serve, STREAM + chunks(said("a"), said("b"))):
        reader = PublicReader(raw)
        begun = time.monotonic()

        assert reader.read(5) == event(said("a"))
        assert reader.read(5) == event(said("b"))
        assert time.monotonic() - begun < 2


def test_the_public_way_ends_in_our_errors(serve: Serve) -> None:
    with requests.Session() as session:
        silent = session.get(serve(STREAM).base_url, stream=True, timeout=0.1)
        with pytest.raises(UpstreamTimeout):
            PublicReader(silent.raw).read(5)
        silent.close()
    for raw in get(serve, head(transfer_encoding="chunked") + b"what?\r\n"):
        with pytest.raises(ConnectionError):
            PublicReader(raw).read(5)


def test_http_client_still_buffers_what_we_take_from_it(serve: Serve) -> None:
    for raw in get(serve, answer({})):
        below = raw._fp  # type: ignore[attr-defined]

        assert isinstance(below, HTTPResponse), CHANGED
        assert isinstance(below.fp, io.BufferedReader), CHANGED
        assert isinstance(below.fp.raw, socket.SocketIO), CHANGED
