"""The same over TLS: timely, whole, cancellable, with a known certificate only."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

import pytest

from app.errors import Cancelled, UpstreamError
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from app.upstream.socketread import READ_BYTES
from tests.upstream.conftest import Connect, Serve, transport_to
from tests.upstream.servers import (
    END,
    FINISH,
    STREAM,
    Peer,
    answer,
    chunks,
    completion,
    head,
    said,
    streamed,
)

REQUEST: dict[str, Any] = {"model": "m", "messages": []}
HI = answer(completion("hi"))


def text_of(client: Cerebras) -> str:
    chosen = [
        choice.delta
        for batch in client.stream(REQUEST, CancelToken())
        for chunk in batch
        for choice in chunk.choices or ()
    ]
    return "".join([delta.content or "" for delta in chosen if delta])


def test_streams_and_answers_share_a_connection(serve: Serve, connect: Connect) -> None:
    server = serve(*[streamed(said("é😀"), FINISH), HI] * 10, tls=True)
    client = connect(server.base_url)

    for _ in range(10):
        assert text_of(client) == "é😀"
        assert client.complete(REQUEST, CancelToken()).choices

    assert server.connections == 1


def test_records_that_have_come_are_read_together(
    serve: Serve, connect: Connect
) -> None:
    sent = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(said("a")))
        peer.send(*[chunks(said("b")) for _ in range(200)])
        sent.set()
        peer.send(chunks(FINISH), END)

    stream = connect(serve(script, tls=True).base_url).stream(REQUEST, CancelToken())

    assert sent.wait(5)
    batches = [len(batch) for batch in stream]
    assert sum(batches) == 202
    assert len(batches) < 20


def test_an_answer_too_many_is_nobodys_though_openssl_holds_it(serve: Serve) -> None:
    """It came in one record with the end of the answer before it."""
    head_read, sent = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.send(head(content_length=str(READ_BYTES)))
        assert head_read.wait(5)
        peer.send(b"x" * (READ_BYTES - 1), b"x" + answer(b"stale"))
        sent.set()

    server = serve(script, answer(b"right"), tls=True)
    transport = transport_to(server.base_url)
    first = transport.send(transport.request("GET", "/1", {}), CancelToken(), 5)
    head_read.set()
    assert sent.wait(5)

    assert first.body.read_all(READ_BYTES) == b"x" * READ_BYTES

    second = transport.send(transport.request("GET", "/2", {}), CancelToken(), 5)
    assert second.body.read_all(READ_BYTES) == b"right"
    assert server.connections == 2


def test_a_large_answer_arrives_whole(serve: Serve, connect: Connect) -> None:
    text = "é" * 3_000_000
    client = connect(serve(answer(completion(text)), tls=True).base_url)

    reply = client.complete(REQUEST, CancelToken())

    assert reply.choices and reply.choices[0].message
    assert reply.choices[0].message.content == text


def test_a_large_stream_arrives_whole_and_record_by_record(
    serve: Serve, connect: Connect
) -> None:
    def script(peer: Peer) -> None:
        peer.send(STREAM, *[chunks(said("é" * 300)) for _ in range(3000)])
        peer.send(chunks(FINISH), END)

    client = connect(serve(script, tls=True).base_url)

    assert text_of(client) == "é" * 900_000


def test_what_has_arrived_is_given_out_at_once_and_silence_told(
    serve: Serve, connect: Connect
) -> None:
    taken = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(said("a")))
        assert taken.wait(5)
        peer.send(chunks(FINISH), END)

    client = connect(serve(script, tls=True).base_url, tick_s=0.05)
    stream = client.stream(REQUEST, CancelToken())

    assert len(next(stream)) == 1
    assert [next(stream), next(stream)] == [[], []]
    taken.set()
    assert [batch for batch in stream if batch]


@pytest.mark.parametrize(
    "sent",
    [b"", head(content_length="9"), STREAM + chunks(said("a"))],
    ids=["nothing", "head", "event"],
)
def test_a_client_that_leaves_ends_every_wait(
    serve: Serve, connect: Connect, sent: bytes
) -> None:
    gone: list[float] = []
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        gone.append(peer.wait_until_gone())
        closed.set()

    server = serve(script, tls=True)
    client = connect(server.base_url)
    cancel = CancelToken()
    left: list[float] = []

    def leave() -> None:
        server.wait_for(1)
        left.append(monotonic())
        cancel.cancel()

    threading.Thread(target=leave).start()
    with pytest.raises(Cancelled):
        list(client.stream(REQUEST, cancel))

    assert closed.wait(5)
    assert gone[0] - left[0] < 0.1


def test_a_client_that_leaves_ends_a_handshake(serve: Serve, connect: Connect) -> None:
    server = serve(HI)
    client = connect(
        server.base_url.replace("http:", "https:"), connect_timeout_s=30, retry_wait_s=9
    )
    cancel = CancelToken()
    begun = monotonic()
    threading.Timer(0.1, cancel.cancel).start()

    with pytest.raises(Cancelled):
        client.complete(REQUEST, cancel)

    assert monotonic() - begun < 2


@pytest.mark.parametrize("end", [Peer.close, Peer.reset], ids=["closed", "reset"])
def test_a_stale_connection_is_replaced(
    serve: Serve, connect: Connect, end: Any
) -> None:
    server = serve(HI, end, HI, tls=True)
    client = connect(server.base_url)

    assert client.complete(REQUEST, CancelToken()).choices
    assert client.complete(REQUEST, CancelToken()).choices

    assert server.connections == 2


@pytest.mark.parametrize("end", [Peer.close, Peer.reset], ids=["closed", "reset"])
def test_a_cut_stream_is_an_error(serve: Serve, connect: Connect, end: Any) -> None:
    taken = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(said("a")))
        assert taken.wait(5)
        end(peer)

    stream = connect(serve(script, tls=True).base_url).stream(REQUEST, CancelToken())

    next(stream)
    taken.set()
    with pytest.raises(UpstreamError, match="cut short"):
        next(stream)


def test_an_unknown_certificate_is_refused_and_not_asked_again(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    server = serve(HI, tls=True)

    with pytest.raises(UpstreamError, match="certificate verify failed"):
        connect(server.base_url, retry_wait_s=9).complete(REQUEST, CancelToken())

    assert server.requests == []
    assert server.connections == 1


def test_a_proxy_is_tunnelled_through_and_never_sees_the_key(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(HI, Peer.reset, HI, tls=True)
    proxy = serve(lambda peer: peer.tunnel_to(server.port))
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    client = connect(server.base_url)

    assert client.complete(REQUEST, CancelToken()).choices
    assert client.complete(REQUEST, CancelToken()).choices

    asked = f"CONNECT 127.0.0.1:{server.port} HTTP/1."
    assert [request.line[:-1] for request in proxy.requests] == [asked, asked]
    assert all("authorization" not in request.headers for request in proxy.requests)
    assert [request.connection for request in server.requests] == [1, 1, 2]
