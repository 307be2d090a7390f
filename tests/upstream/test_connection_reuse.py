"""Requests to Cerebras share connections; an unread response costs its connection."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.errors import UpstreamError
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from tests.scripted_server import (
    END,
    FINISH,
    STREAM,
    Peer,
    answer,
    chunk,
    chunks,
    completion,
    head,
    streamed,
    text_chunk,
)
from tests.upstream.conftest import Connect, Serve

REQUEST: dict[str, Any] = {"model": "m", "messages": []}
HI = answer(completion("hi"))
BODY = HI.partition(b"\r\n\r\n")[2]


def complete(client: Cerebras) -> str | None:
    reply = client.complete(REQUEST, CancelToken())
    assert reply.choices and reply.choices[0].message
    return reply.choices[0].message.content


def count_streamed_chunks(client: Cerebras) -> int:
    return sum(map(len, client.stream(REQUEST, CancelToken())))


def test_redirect_is_an_error_though_its_body_never_ends(
    serve: Serve, connect: Connect
) -> None:
    other = serve(HI)
    moved = head(302, location=other.base_url, content_length="9")

    with pytest.raises(UpstreamError) as caught:
        complete(connect(serve(moved).base_url, idle_timeout_s=0.1))

    assert caught.value.status == 502
    assert other.connections == 0


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_two_hundred_streams_in_a_row_share_a_connection(
    serve: Serve, connect: Connect, tls: bool
) -> None:
    server = serve(streamed(text_chunk("a"), FINISH), tls=tls)
    client = connect(server.base_url)

    assert [count_streamed_chunks(client) for _ in range(200)] == [2] * 200
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [HI, b"".join([STREAM, chunk(BODY[:9]), chunk(BODY[9:]), b"0\r\nA: b\r\n\r\n"])],
    ids=["content-length", "chunked"],
)
def test_completions_and_errors_share_a_connection(
    serve: Serve, connect: Connect, reply: bytes
) -> None:
    server = serve(reply, answer({}, 500), reply, answer(b"", 404), reply)
    client = connect(server.base_url)

    for _ in range(2):
        assert complete(client) == "hi"
        with pytest.raises(UpstreamError):
            complete(client)
    assert complete(client) == "hi"

    assert server.connections == 1


def test_simultaneous_streams_have_a_connection_each_and_keep_it(
    serve: Serve, connect: Connect
) -> None:
    together = threading.Barrier(8)

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(text_chunk("a")))
        together.wait(5)
        peer.send(chunks(FINISH), END)

    server = serve(script)
    client = connect(server.base_url)
    for _ in range(3):
        threads = [
            threading.Thread(target=count_streamed_chunks, args=(client,))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(server.requests) == 24
    assert server.connections == 8
