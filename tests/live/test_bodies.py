"""Bodies that break off or break the rules of HTTP while they are being read."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.serving import Server

HEAD = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"


def exchange(server: Server, request: bytes, *, end: bool = False) -> bytes:
    """All that is answered until the server closes the connection."""
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
def test_bad_chunk_framing_is_the_clients_fault(
    request: pytest.FixtureRequest, kind: str, path: str, chunks: bytes
) -> None:
    server = request.getfixturevalue(kind)
    head = HEAD.replace(b"/api/chat", path.encode())
    framed = head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks

    answer = exchange(server, framed)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":' in answer


def test_a_body_that_breaks_off_is_no_request(server: Server) -> None:
    answer = exchange(server, HEAD + b"Content-Length: 100\r\n\r\n{}", end=True)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("kind", ["server", "flask_server"])
def test_nothing_behind_a_broken_body_is_taken_for_a_request(
    request: pytest.FixtureRequest, kind: str
) -> None:
    server = request.getfixturevalue(kind)
    broken = HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"
    smuggled = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"

    answer = exchange(server, broken + smuggled, end=True)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"version" not in answer.partition(b"\r\n\r\n")[2]
