"""With urllib3's own pools all is the same, but slower."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import urllib3

from app.errors import UpstreamError, UpstreamTimeout
from app.http1.cancel import CancelToken
from app.http1.head import Head
from app.upstream import pools, public
from app.upstream.body import Source
from app.upstream.cerebras import Cerebras
from app.upstream.connection import Request
from tests.upstream.conftest import Connect, Serve
from tests.upstream.servers import (
    FINISH,
    STREAM,
    answer,
    chunks,
    completion,
    event,
    head,
    said,
    streamed,
)


@pytest.fixture
def urllib3s_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "POOLS", urllib3.poolmanager.pool_classes_by_scheme)


def get(serve: Serve, reply: bytes, wait_s: float = 5) -> Iterator[tuple[Head, Source]]:
    server = serve(reply)
    with urllib3.HTTPConnectionPool("127.0.0.1", server.port) as pool:
        head, source = public.exchange(pool, Request("GET", "/", {}), None, 2, wait_s)
        yield head, source
        source.throw_away()


def ask(client: Cerebras) -> str | None:
    choices = client.complete({"model": "m", "messages": []}, CancelToken()).choices
    assert choices and choices[0].message
    return choices[0].message.content


@pytest.mark.usefixtures("urllib3s_pools")
def test_urllib3s_own_pools_do_too(serve: Serve, connect: Connect) -> None:
    whole = answer(completion("hi"))
    client = connect(serve(whole, answer({}, 404), whole, streamed(FINISH)).base_url)

    assert ask(client) == "hi"
    with pytest.raises(UpstreamError):
        ask(client)
    assert ask(client) == "hi"
    assert list(client.stream({"model": "m", "messages": []}, CancelToken()))


def test_the_public_way_tells_the_head(serve: Serve) -> None:
    reply = answer(b"abc", 404, x_a="1").replace(b"x-a: 1", b"x-a: 1\r\nX-A: 2")
    for told, _ in get(serve, reply):
        assert told.status == 404
        assert told.headers["x-a"] == "1, 2"
        assert [value for name, value in told.fields if name == "x-a"] == ["1", "2"]


def test_the_public_way_is_timely(serve: Serve) -> None:
    for _, source in get(serve, STREAM + chunks(said("a"), said("b"))):
        begun = time.monotonic()

        assert source.read(5) == event(said("a"))
        assert source.read(5) == event(said("b"))
        assert time.monotonic() - begun < 2


def test_the_public_way_ends_in_our_errors(serve: Serve) -> None:
    for _, silent in get(serve, STREAM, wait_s=0.1):
        with pytest.raises(UpstreamTimeout):
            silent.read(5)
    for _, odd in get(serve, head(transfer_encoding="chunked") + b"what?\r\n"):
        with pytest.raises(ConnectionError):
            odd.read(5)
