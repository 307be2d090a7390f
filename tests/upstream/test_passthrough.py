"""Requests go on, and answers come back, as they are: by the byte."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.errors import Cancelled, UpstreamError, UpstreamLoop, UpstreamTimeout
from app.http1.cancel import CancelToken
from app.upstream.passthrough import HOPS, Message, Passthrough, onward
from tests.upstream.conftest import Serve
from tests.upstream.servers import STREAM, WAIT_S, Peer, Server, answer, chunk, head

OWN_ID = "0123456789abcdef"
POST = Message("POST", "/api/chat", {"Content-Type": "x/y"}, b"\xff\x00raw")


def connect(server: Server | str, **settings: Any) -> Passthrough:
    url = server if isinstance(server, str) else f"http://127.0.0.1:{server.port}"
    defaults: dict[str, Any] = {
        "own_id": OWN_ID,
        "pool_size": 8,
        "connect_timeout_s": 2.0,
        "idle_timeout_s": 5.0,
    }
    return Passthrough(url, **{**defaults, **settings})


def read(client: Passthrough, message: Message = POST) -> bytes:
    return client.send(message, CancelToken()).body.read_all(1 << 20)


@pytest.mark.parametrize("status", [200, 201, 301, 307, 400, 401, 404, 429, 500, 503])
def test_every_status_comes_back_with_its_body(serve: Serve, status: int) -> None:
    server = serve(answer(b"<as it is>", status, location="/x", retry_after="7"))

    found = connect(server).send(POST, CancelToken())

    assert found.status == status
    assert found.headers["retry-after"] == "7"
    assert found.body.read_all(100) == b"<as it is>"
    assert len(server.requests) == 1


def test_method_path_query_and_body_go_on_as_they_are(serve: Serve) -> None:
    server = serve(answer(b""))
    odd = Message("DELETE", "/api/delete?a=%20b&c=d", {}, b'{"model":"\xc3\xa9"}')

    read(connect(server), odd)

    (asked,) = server.requests
    assert asked.line == "DELETE /api/delete?a=%20b&c=d HTTP/1.1"
    assert asked.body == b'{"model":"\xc3\xa9"}'
    assert asked.headers["content-length"] == str(len(asked.body))


def test_a_path_of_the_address_stands_before_the_requests_own(serve: Serve) -> None:
    server = serve(answer(b""))

    read(connect(f"http://127.0.0.1:{server.port}/ollama"), Message("GET", "/api/tags"))

    assert server.requests[0].line == "GET /ollama/api/tags HTTP/1.1"


def test_what_is_repeated_in_a_head_stays_repeated(serve: Serve) -> None:
    reply = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n"

    fields = connect(serve(reply)).send(POST, CancelToken()).fields

    assert fields[:2] == [("X-A", "1"), ("X-A", "2")]


def test_headers_of_one_connection_do_not_go_on() -> None:
    headers = [
        ("Connection", "close, X-Mine"),
        ("Keep-Alive", "timeout=5"),
        ("TRANSFER-ENCODING", "chunked"),
        ("Upgrade", "h2c"),
        ("Trailer", "x"),
        ("Content-Length", "9"),
        ("x-mine", "1"),
        ("X-Other", "2"),
        ("Accept", "a"),
    ]

    assert onward(headers, {"accept"}) == [("X-Other", "2")]


def test_a_read_gives_what_has_come_and_waits_for_no_more(serve: Serve) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(STREAM, chunk(b"one\ntw"))
        assert go_on.wait(WAIT_S)
        peer.send(chunk(b"o\n"), b"0\r\n\r\n")

    body = connect(serve(script)).send(POST, CancelToken()).body

    assert body.read(5) == b"one\ntw"
    go_on.set()
    assert body.read_all(100) == b"o\n"


def test_an_answer_to_head_has_no_body(serve: Serve) -> None:
    found = connect(serve(head(200, content_length="17"))).send(
        Message("HEAD", "/api/blobs/x"), CancelToken()
    )

    assert found.body.ended
    assert found.headers["content-length"] == "17"


def test_connections_are_kept(serve: Serve) -> None:
    server = serve(answer(b"a"), STREAM + chunk(b"b") + b"0\r\n\r\n")
    client = connect(server)

    assert [read(client), read(client), read(client)] == [b"a", b"b", b"b"]
    assert server.connections == 1


def test_a_stale_connection_is_replaced(serve: Serve) -> None:
    server = serve(answer(b"a"), Peer.close, answer(b"b"))
    client = connect(server)

    assert [read(client), read(client)] == [b"a", b"b"]


class Parts:
    """An upload, read once."""

    def __init__(self, size: int, *parts: bytes) -> None:
        self._size = size
        self._parts = parts

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts


def test_an_upload_goes_on_a_connection_that_cannot_be_stale(serve: Serve) -> None:
    server = serve(answer(b"a"), answer(b"b"))
    client = connect(server)
    read(client)

    read(client, Message("POST", "/api/blobs/x", {}, Parts(6, b"abc", b"def")))

    assert server.requests[1].body == b"abcdef"
    assert [each.connection for each in server.requests] == [1, 2]


def test_a_server_that_nobody_runs_is_named() -> None:
    with pytest.raises(UpstreamError) as caught:
        read(connect("http://127.0.0.1:9"))

    assert caught.value.status == 502
    assert caught.value.message == (
        "cannot reach the Ollama server at http://127.0.0.1:9: connection refused"
    )


def test_a_silent_server_is_given_up(serve: Serve) -> None:
    with pytest.raises(UpstreamTimeout, match="the Ollama server at .* did not answer"):
        read(connect(serve(lambda peer: peer.wait_until_gone()), idle_timeout_s=0.05))


def test_long_work_may_be_silent_for_longer(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        time.sleep(0.2)
        peer.send(answer(b"done"))

    client = connect(serve(script), idle_timeout_s=0.05)

    answered = client.send(POST, CancelToken(), idle_timeout_s=5)

    assert answered.body.read_all(9) == b"done"


def test_an_answer_that_breaks_off_is_an_error(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.send(STREAM, chunk(b"one"))
        peer.close()

    with pytest.raises(UpstreamError, match="the Ollama server at .* answer was cut"):
        read(connect(serve(script)))


@pytest.mark.parametrize("sent", [b"", STREAM + chunk(b"one")], ids=["head", "body"])
def test_a_client_that_leaves_ends_it_at_once(serve: Serve, sent: bytes) -> None:
    left: list[float] = []
    over = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(sent)
        left.append(peer.wait_until_gone())
        over.set()

    server = serve(script)
    cancel = CancelToken()
    leaving = threading.Timer(0.1, cancel.cancel)
    leaving.start()

    with pytest.raises(Cancelled):
        connect(server).send(POST, cancel).body.read_all(100)

    assert over.wait(WAIT_S)


def test_hops_are_counted_by_name(serve: Serve) -> None:
    server = serve(answer(b""))
    client = connect(server)

    read(client)
    read(client, Message("GET", "/", {HOPS: "a,b"}))

    told = [each.headers[HOPS.lower()] for each in server.requests]
    assert told == [OWN_ID, f"a, b, {OWN_ID}"]


@pytest.mark.parametrize("hops", [OWN_ID, f"a, {OWN_ID} ,b"])
def test_what_has_been_here_is_not_sent_again(serve: Serve, hops: str) -> None:
    server = serve(answer(b""))

    with pytest.raises(UpstreamLoop) as caught:
        read(connect(server), Message("GET", "/", {HOPS: hops, "Connection": HOPS}))

    assert caught.value.status == 508
    assert server.connections == 0


def test_entries_of_a_list_are_its_objects(serve: Serve) -> None:
    server = serve(answer({"models": [{"name": "a"}, 1, None, {"name": "b"}]}))

    entries = connect(server).entries("/api/tags", "models", "a")

    assert entries == [{"name": "a"}, {"name": "b"}]
    assert server.requests[0].line == "GET /api/tags HTTP/1.1"
    assert server.requests[0].headers[HOPS.lower()] == f"a, {OWN_ID}"


def test_a_list_of_null_is_empty(serve: Serve) -> None:
    assert connect(serve(answer({"data": None}))).entries("/v1/models", "data") == []


NO_LISTS: list[bytes | Callable[[Peer], object]] = [
    answer({"models": []}, 500),
    answer(b"<html>"),
    answer([]),
    answer({}),
    answer({"models": 1}),
    answer(b'{"models":' + b"[" * 100_000),
    head(content_length="9") + b"{",
]


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("reply", NO_LISTS)
def test_what_is_no_list_is_an_error(serve: Serve, reply: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.send(reply)
        peer.close()

    with pytest.raises(UpstreamError, match="the Ollama server at "):
        connect(serve(script)).entries("/api/tags", "models")
