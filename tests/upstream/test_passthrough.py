"""Requests reach the passthrough server, and replies come back, byte for byte."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.errors import UpstreamError, UpstreamLoop, UpstreamTimeout
from app.http1.cancel import CancelToken
from app.upstream.passthrough import (
    HOPS,
    ClientRequest,
    Passthrough,
    end_to_end_headers,
)
from tests.scripted_server import Peer, Server, answer, head
from tests.upstream.conftest import Serve

OWN_ID = "0123456789abcdef"
POST = ClientRequest("POST", "/api/chat", {"Content-Type": "x/y"}, b"\xff\x00raw")


def connect(server: Server | str, **settings: Any) -> Passthrough:
    url = server if isinstance(server, str) else f"http://127.0.0.1:{server.port}"
    defaults: dict[str, Any] = {
        "own_id": OWN_ID,
        "pool_size": 8,
        "connect_timeout_s": 2.0,
        "idle_timeout_s": 5.0,
    }
    return Passthrough(url, **{**defaults, **settings})


def fetch(client: Passthrough, request: ClientRequest = POST) -> bytes:
    return client.send(request, CancelToken()).body.read_all(1 << 20)


@pytest.mark.parametrize("status", [200, 201, 301, 307, 400, 401, 404, 429, 500, 503])
def test_every_status_comes_back_with_its_body(serve: Serve, status: int) -> None:
    server = serve(answer(b"<unchanged>", status, location="/x", retry_after="7"))

    response = connect(server).send(POST, CancelToken())

    assert response.status == status
    assert response.headers["retry-after"] == "7"
    assert response.body.read_all(100) == b"<unchanged>"
    assert len(server.requests) == 1


@pytest.mark.parametrize("prefix", ["", "/ollama"])
def test_method_path_query_and_body_are_sent_unchanged(
    serve: Serve, prefix: str
) -> None:
    server = serve(answer(b""))
    client = connect(f"http://127.0.0.1:{server.port}{prefix}")
    target = "/api/delete?a=%20b&c=d"

    fetch(client, ClientRequest("DELETE", target, {}, b'{"model":"\xc3\xa9"}'))

    (request,) = server.requests
    assert request.line == f"DELETE {prefix}{target} HTTP/1.1"
    assert request.body == b'{"model":"\xc3\xa9"}'
    assert request.headers["content-length"] == str(len(request.body))


def test_hop_by_hop_headers_are_removed() -> None:
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

    assert end_to_end_headers(headers, {"accept"}) == [("X-Other", "2")]


def test_repeated_headers_stay_repeated() -> None:
    headers = [("Set-Cookie", "a=1"), ("X-Other", "2"), ("Set-Cookie", "b=2")]

    assert end_to_end_headers(headers) == headers


def test_credentials_and_origin_are_not_sent(serve: Serve) -> None:
    server = serve(answer(b""))
    secret = {"Authorization": "Bearer a", "X-Api-Key": "b", "Cookie": "c=d"}
    headers = {**secret, "Origin": "http://page", "X-Other": "2"}

    fetch(connect(server), ClientRequest("GET", "/", headers))

    sent = server.requests[0].headers
    assert sent.keys() & {"authorization", "x-api-key", "cookie", "origin"} == set()
    assert sent["x-other"] == "2"


class Upload:
    """A request body of some pieces."""

    def __init__(self, length: int, *pieces: bytes) -> None:
        self._length = length
        self._pieces = pieces

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces


def test_upload_uses_a_new_connection_because_it_cannot_be_repeated(
    serve: Serve,
) -> None:
    server = serve(answer(b"a"), answer(b"b"))
    client = connect(server)
    fetch(client)

    upload = Upload(6, b"abc", b"def")
    fetch(client, ClientRequest("POST", "/api/blobs/x", {}, upload))

    assert server.requests[1].body == b"abcdef"
    assert [request.connection for request in server.requests] == [1, 2]


def test_silent_server_times_out(serve: Serve) -> None:
    with pytest.raises(UpstreamTimeout, match="the Ollama server at .* did not answer"):
        fetch(connect(serve(lambda peer: peer.wait_until_gone()), idle_timeout_s=0.05))


def test_idle_timeout_of_one_request_may_be_longer(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        time.sleep(0.2)
        peer.send(answer(b"done"))

    client = connect(serve(script), idle_timeout_s=0.05)

    response = client.send(POST, CancelToken(), idle_timeout_s=5)

    assert response.body.read_all(9) == b"done"


def test_own_id_is_added_to_the_hops(serve: Serve) -> None:
    server = serve(answer(b""))
    client = connect(server)

    fetch(client)
    fetch(client, ClientRequest("GET", "/", {HOPS: "a,b"}))

    hops = [request.headers[HOPS.lower()] for request in server.requests]
    assert hops == [OWN_ID, f"a, b, {OWN_ID}"]


@pytest.mark.parametrize("hops", [OWN_ID, f"a, {OWN_ID} ,b"])
def test_request_that_has_passed_this_server_is_refused(
    serve: Serve, hops: str
) -> None:
    server = serve(answer(b""))
    request = ClientRequest("GET", "/", {HOPS: hops, "Connection": HOPS})

    with pytest.raises(UpstreamLoop) as caught:
        fetch(connect(server), request)

    assert caught.value.status == 508
    assert server.connections == 0


def test_entries_are_the_objects_of_a_list(serve: Serve) -> None:
    listed = answer({"models": [{"name": "a"}, 1, None, {"name": "b"}]})
    server = serve(listed, answer({"data": None}))
    client = connect(server)

    assert client.entries("/api/tags", "models", "a") == [{"name": "a"}, {"name": "b"}]
    assert client.entries("/v1/models", "data") == []
    assert server.requests[0].line == "GET /api/tags HTTP/1.1"
    assert server.requests[0].headers[HOPS.lower()] == f"a, {OWN_ID}"


INVALID_LISTS: list[bytes | Callable[[Peer], object]] = [
    answer({"models": []}, 500),
    answer(b"<html>"),
    answer([]),
    answer({}),
    answer({"models": 1}),
    answer(b'{"models":' + b"[" * 100_000),
    head(content_length="9") + b"{",
]


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("reply", INVALID_LISTS)
def test_invalid_list_is_an_error(serve: Serve, reply: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.send(reply)
        peer.close()

    with pytest.raises(UpstreamError, match="the Ollama server at "):
        connect(serve(script)).entries("/api/tags", "models")
