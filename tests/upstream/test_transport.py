"""The key goes to one host alone, and connections are kept, but never trusted."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from app.errors import UpstreamError, UpstreamTimeout
from app.http1.cancel import CancelToken
from app.upstream.cerebras import Cerebras
from tests.upstream.conftest import KEY, Connect, Serve
from tests.upstream.servers import (
    END,
    FINISH,
    STREAM,
    Peer,
    answer,
    chunk,
    chunks,
    completion,
    head,
    said,
    streamed,
)

REQUEST: dict[str, Any] = {"model": "m", "messages": []}
HI = answer(completion("hi"))
BODY = HI.partition(b"\r\n\r\n")[2]


def ask(client: Cerebras, cancel: CancelToken | None = None) -> str | None:
    reply = client.complete(REQUEST, cancel or CancelToken())
    assert reply.choices and reply.choices[0].message
    return reply.choices[0].message.content


def hear(client: Cerebras) -> int:
    return sum(map(len, client.stream(REQUEST, CancelToken())))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(serve: Serve, connect: Connect, status: int) -> None:
    other = serve(HI)
    server = serve(answer(b"", status, location=other.base_url))

    with pytest.raises(UpstreamError) as caught:
        ask(connect(server.base_url))

    assert caught.value.status == 502
    assert other.connections == 0
    assert len(server.requests) == 1


def test_a_redirect_whose_body_never_ends_is_an_error_at_once(
    serve: Serve, connect: Connect
) -> None:
    other = serve(HI)
    moved = head(302, location=other.base_url, content_length="9")

    with pytest.raises(UpstreamError):
        ask(connect(serve(moved).base_url, idle_timeout_s=0.1))

    assert other.connections == 0


def test_a_netrc_does_not_replace_the_key(
    serve: Serve, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\ndefault login c password d")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(HI)

    ask(connect(server.base_url))

    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_no_cookie_is_sent_back(serve: Serve, connect: Connect) -> None:
    cookie = "__cf_bm=abc; path=/; expires=Fri, 01-Jan-2100 00:00:00 GMT"
    server = serve(answer(completion("hi"), set_cookie=cookie))
    client = connect(server.base_url)

    ask(client)
    ask(client)

    assert "cookie" not in server.requests[1].headers


def test_proxies_are_looked_up_once(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, other = serve(HI), serve(HI)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    client = connect("http://upstream.invalid/v1")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{other.port}")

    assert [ask(client), ask(client)] == ["hi", "hi"]

    asked = "POST http://upstream.invalid/v1/chat/completions HTTP/1.1"
    assert [request.line for request in proxy.requests] == [asked, asked]
    assert proxy.connections == 1
    assert other.connections == 0


def test_a_proxy_that_forwards_is_told_who_we_are_and_for_whom_it_is(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(HI)
    monkeypatch.setenv("http_proxy", f"http://user:word@127.0.0.1:{proxy.port}")

    assert ask(connect("http://upstream.invalid/v1")) == "hi"

    [request] = proxy.requests
    assert request.headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"
    assert request.headers["host"] == "upstream.invalid"


@pytest.mark.filterwarnings("ignore:Unverified")  # requests asks for no certificate
def test_a_proxy_behind_tls_forwards_too(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(HI, tls=True)
    monkeypatch.setenv("http_proxy", f"https://user:word@127.0.0.1:{proxy.port}")

    assert ask(connect("http://upstream.invalid/v1")) == "hi"

    [request] = proxy.requests
    assert request.line == "POST http://upstream.invalid/v1/chat/completions HTTP/1.1"
    assert request.headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"


def test_a_path_of_any_letters_is_quoted(serve: Serve, connect: Connect) -> None:
    server = serve(HI)

    assert ask(connect(server.base_url.replace("/v1", "/%C3%BC \xfc"))) == "hi"

    quoted = "POST /%C3%BC%20%C3%BC/chat/completions HTTP/1.1"
    assert server.requests[0].line == quoted


def test_no_proxy_is_asked_for_an_exempt_host(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert ask(connect(serve(HI).base_url)) == "hi"


def test_two_hundred_streams_in_a_row_share_a_connection(
    serve: Serve, connect: Connect
) -> None:
    server = serve(streamed(said("a"), FINISH))
    client = connect(server.base_url)

    assert [hear(client) for _ in range(200)] == [2] * 200
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        answer(completion("hi")),
        b"".join([STREAM, chunk(BODY[:9]), chunk(BODY[9:]), b"0\r\nA: b\r\n\r\n"]),
    ],
    ids=["sized", "chunked"],
)
def test_whole_answers_and_errors_share_a_connection(
    serve: Serve, connect: Connect, reply: bytes
) -> None:
    server = serve(reply, answer({}, 500), reply, answer(b"", 404), reply)
    client = connect(server.base_url)

    for _ in range(2):
        assert ask(client) == "hi"
        with pytest.raises(UpstreamError):
            ask(client)
    assert ask(client) == "hi"

    assert server.connections == 1


def test_a_connection_that_says_close_is_not_kept(
    serve: Serve, connect: Connect
) -> None:
    def script(peer: Peer) -> None:
        peer.send(answer(completion("hi"), connection="close"))
        peer.close()

    server = serve(script)
    client = connect(server.base_url)

    assert [ask(client), ask(client)] == ["hi", "hi"]
    assert server.connections == 2


def test_a_connection_with_bytes_after_the_answer_is_not_kept(
    serve: Serve, connect: Connect
) -> None:
    server = serve(HI + b"HTTP/1.1 200 OK\r\n\r\n", HI)
    client = connect(server.base_url)

    assert [ask(client), ask(client)] == ["hi", "hi"]
    assert server.connections == 2


def test_a_stream_left_early_does_not_dirty_the_pool(
    serve: Serve, connect: Connect
) -> None:
    server = serve(STREAM + chunks(said("a")), HI)
    client = connect(server.base_url)

    client.stream(REQUEST, CancelToken()).close()

    assert ask(client) == "hi"
    assert server.connections == 2


def test_a_trip_after_the_answer_harms_no_other_request(
    serve: Serve, connect: Connect
) -> None:
    server = serve(HI)
    client = connect(server.base_url)
    cancel = CancelToken()

    ask(client, cancel)
    cancel.cancel()

    assert ask(client) == "hi"
    assert server.connections == 1


def test_many_at_once_each_have_a_connection_and_keep_it(
    serve: Serve, connect: Connect
) -> None:
    together = threading.Barrier(8)

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunks(said("a")))
        together.wait(5)
        peer.send(chunks(FINISH), END)

    server = serve(script)
    client = connect(server.base_url)
    for _ in range(3):
        threads = [threading.Thread(target=hear, args=(client,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(server.requests) == 24
    assert server.connections == 8


@pytest.mark.parametrize("end", [Peer.close, Peer.reset], ids=["closed", "reset"])
def test_a_stale_connection_is_replaced_at_once_and_at_no_cost(
    serve: Serve, connect: Connect, end: Any
) -> None:
    server = serve(HI, end, HI)
    client = connect(server.base_url, retry_wait_s=0)

    assert [ask(client), ask(client)] == ["hi", "hi"]
    assert [request.connection for request in server.requests] == [1, 1, 2]


def test_of_many_stale_connections_only_one_is_tried(
    serve: Serve, connect: Connect
) -> None:
    together = threading.Barrier(2)

    def script(peer: Peer) -> None:
        together.wait(5)
        peer.send(HI)

    server = serve(script, script, Peer.reset, HI)
    client = connect(server.base_url, retry_wait_s=0)
    threads = [threading.Thread(target=ask, args=(client,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ask(client) == "hi"
    assert server.requests[-1].connection == 3


def test_a_repetition_that_fails_too_is_a_failure(
    serve: Serve, connect: Connect
) -> None:
    server = serve(HI, Peer.reset)
    client = connect(server.base_url, retry_wait_s=0)
    ask(client)

    with pytest.raises(UpstreamError):
        ask(client)

    assert len(server.requests) == 3


def test_a_new_connection_that_fails_is_not_repeated_at_no_cost(
    serve: Serve, connect: Connect
) -> None:
    server = serve(Peer.close)

    with pytest.raises(UpstreamError, match="the connection was closed"):
        ask(connect(server.base_url, retry_wait_s=0))

    assert len(server.requests) == 1


def test_an_answer_that_was_begun_is_not_repeated_at_no_cost(
    serve: Serve, connect: Connect
) -> None:
    def begin(peer: Peer) -> None:
        peer.send(head(content_length="9"))
        peer.reset()

    server = serve(HI, begin, HI)
    client = connect(server.base_url, retry_wait_s=0)
    ask(client)

    with pytest.raises(UpstreamError):
        ask(client)

    assert len(server.requests) == 2


def test_a_large_body_may_take_longer_than_connecting(
    serve: Serve, connect: Connect
) -> None:
    read = threading.Event()
    server = serve(HI)
    client = connect(server.base_url, connect_timeout_s=0.2, idle_timeout_s=5)
    large = {"model": "m", "messages": [{"role": "user", "content": "x" * 30_000_000}]}
    server.pause_reading(read)
    threading.Timer(0.6, read.set).start()

    assert client.complete(large, CancelToken()).choices
    assert read.is_set()


def test_connecting_has_a_timeout_of_its_own(serve: Serve, connect: Connect) -> None:
    client = connect(
        silent_tls(serve), connect_timeout_s=0.1, idle_timeout_s=5, retry_wait_s=0
    )

    with pytest.raises(UpstreamTimeout, match="connecting timed out"):
        ask(client)


def silent_tls(serve: Serve) -> str:
    """A server that accepts and never shakes hands."""
    return f"https://127.0.0.1:{serve(b'').port}/v1"
