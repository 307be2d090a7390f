"""Request bodies that end early or have broken chunks."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.live_server import Server

HEAD = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"


def exchange(server: Server, request: bytes, *, end: bool = False) -> bytes:
    """Send a request, and return all that comes until the server closes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), 10) as client:
        client.sendall(request)
        if end:
            client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(4096), b""))


@pytest.mark.parametrize("kind", ["server", "flask_server"])
@pytest.mark.parametrize(
    "path",
    ["/api/chat", "/v1/audio/transcriptions", f"/api/blobs/sha256:{'0' * 64}"],
)
@pytest.mark.parametrize(
    "chunks",
    [b"ZZ\r\n{}\r\n0\r\n\r\n", b"2\r\n{}XX0\r\n\r\n", b"-1\r\n{}\r\n"],
    ids=["no size", "no end of chunk", "negative size"],
)
def test_bad_chunk_framing_is_400(
    request: pytest.FixtureRequest, kind: str, path: str, chunks: bytes
) -> None:
    server = request.getfixturevalue(kind)
    head = HEAD.replace(b"/api/chat", path.encode())
    framed = head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks

    reply = exchange(server, framed)

    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":' in reply


def test_body_that_ends_early_is_400(server: Server) -> None:
    reply = exchange(server, HEAD + b"Content-Length: 100\r\n\r\n{}", end=True)

    assert reply == b"" or reply.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("kind", ["server", "flask_server"])
def test_bytes_after_a_broken_body_are_not_a_request(
    request: pytest.FixtureRequest, kind: str
) -> None:
    server = request.getfixturevalue(kind)
    broken = HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"
    smuggled = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"

    reply = exchange(server, broken + smuggled, end=True)

    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"version" not in reply.partition(b"\r\n\r\n")[2]
