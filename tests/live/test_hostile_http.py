"""Hostile heads, bodies and framings get a reply or a 4xx: no hang, no 500."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.blueprints.mutations import HEADERS
from tests.fuzzing import damaged
from tests.live.http_client import exchange
from tests.live_server import Server

CHAT_HEAD = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"
BODY = b'{"model": "gpt-oss-120b", "prompt": "", "stream": false}'
PATHS = [
    *("/api/generate", "/v1/chat/completions", "/v1/messages", "/v1/responses"),
    *("/v1/audio/transcriptions", "/api/blobs/sha256:" + "0" * 64, "/api/create"),
]
ODD_PATHS = [
    *(
        "/api/\x00",
        "/%00",
        "/api/%00tags",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/",
        "/api/%",
    ),
    *(
        "//",
        "/api//tags",
        "*",
        "http://[::1",
        "http://x/api/tags",
        "/" + "a" * 9000,
        "?",
    ),
    *("/api/tags#x", "/api/tags?" + "a" * 9000, "/\xff", "/v1/models/..%2f..", ""),
]
ODD_HEADS = {
    "two lengths": "Content-Length: 1\r\nContent-Length: 2\r\n",
    "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "a length below zero": "Content-Length: -1\r\n",
    "a length that is no number": "Content-Length: 1x\r\n",
    "a length with a sign": "Content-Length: +5\r\n",
    "chunked twice": "Transfer-Encoding: chunked, chunked\r\n",
    "another coding": "Transfer-Encoding: x\r\n",
    "a bare line feed": "A: b\nTransfer-Encoding: chunked\n",
    "a bare carriage return": "A: b\rC: d\r\n",
    "a NUL": "A: \x00\r\n",
    "a folded line": "A: b\r\n c\r\n",
    "a blank before the colon": "Content-Length : 5\r\n",
    "a name with a blank": "A B: c\r\n",
    "no colon": "nothing\r\n",
    "no name": ": x\r\n",
    "too many headers": "A: b\r\n" * 500,
    "a long header": "A: " + "x" * 20_000 + "\r\n",
    "two hosts": "Host: evil.example\r\n",
}


def check_reply(reply: bytes) -> None:
    """Fail on a 5xx; no reply is fine, because the client has closed."""
    if reply:
        status = int(reply.split(b" ", 2)[1])
        assert status < 500 or status in (501, 505), reply[:300]
        assert b"Traceback" not in reply


@pytest.mark.parametrize("path", ODD_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_odd_path_is_a_client_error(server: Server, method: str, path: str) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    reply = exchange(server, head.encode("latin-1"))

    check_reply(reply)
    assert not reply.startswith(b"HTTP/1.1 200") or b"/api/tags" in head.encode(
        "latin-1"
    )


@pytest.mark.parametrize("odd", ODD_HEADS)
def test_odd_head_is_a_client_error(server: Server, odd: str) -> None:
    head = f"POST /api/show HTTP/1.1\r\nHost: localhost\r\n{ODD_HEADS[odd]}\r\n"

    reply = exchange(server, head.encode("latin-1") + b"0\r\n\r\n")

    assert reply.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")), reply[:300]
    assert reply.count(b"HTTP/1.1 ") == 1


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
    head = CHAT_HEAD.replace(b"/api/chat", path.encode())
    framed = head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks

    reply = exchange(server, framed, end=False)

    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b'{"error":' in reply


def test_body_that_ends_early_is_400(server: Server) -> None:
    reply = exchange(server, CHAT_HEAD + b"Content-Length: 100\r\n\r\n{}")

    assert reply == b"" or reply.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("kind", ["server", "flask_server"])
def test_bytes_after_a_broken_body_are_not_a_request(
    request: pytest.FixtureRequest, kind: str
) -> None:
    server = request.getfixturevalue(kind)
    broken = CHAT_HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"
    smuggled = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"

    reply = exchange(server, broken + smuggled)

    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"version" not in reply.partition(b"\r\n\r\n")[2]


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=3))
    lines = [f"{name}: {draw(st.sampled_from(HEADERS[name]))}" for name in names]
    path = draw(st.sampled_from(PATHS))
    chunked = draw(st.booleans())
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(BODY)}"
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", size, *lines])
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY) if chunked else BODY
    if draw(st.booleans()):
        body = draw(damaged(body, b"\r\n0af;:{}\x00\xff"))
        return head.encode("latin-1") + b"\r\n\r\n" + body
    whole = head.encode("latin-1") + b"\r\n\r\n" + body
    return draw(damaged(whole, b"\r\n :;,/\x00\xff%0"))


@given(request=requests())
def test_damaged_request_is_never_a_server_error(
    server: Server, request: bytes
) -> None:
    check_reply(exchange(server, request))
