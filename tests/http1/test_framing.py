"""What a head says of the body behind it, of an answer's and of a request's."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.http1 import chunked
from app.http1.framing import Sized, Unsized, framed, framing
from app.http1.head import NotHTTP, parse


def read(status: int = 200, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines]).encode()


def test_a_body_of_a_known_size_ends_there() -> None:
    body = Sized(5)

    assert (body.feed(b"abc"), body.done) == (b"abc", False)
    assert (body.feed(b"defg"), body.done, body.excess) == (b"de", True, True)
    assert (body.feed(b"h"), body.done) == (b"", True)
    assert Sized(0).done


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (read(content_length="9"), Sized),
        (read(transfer_encoding="chunked"), chunked.Decoder),
        (read(transfer_encoding="Chunked"), chunked.Decoder),
        (read(transfer_encoding="chunked", content_length="9"), chunked.Decoder),
        (read(content_length="9") + b"\r\nContent-Length: 9", Sized),
        (read(), Unsized),
    ],
)
def test_a_head_tells_how_its_body_ends(head: bytes, expected: type) -> None:
    assert isinstance(framing(parse(head), "POST"), expected)


@pytest.mark.parametrize(
    ("head", "method"),
    [
        (read(content_length="0"), "POST"),
        (read(204), "POST"),
        (read(304, content_length="9"), "GET"),
        (read(content_length="9"), "HEAD"),
        (read(transfer_encoding="chunked"), "HEAD"),
    ],
)
def test_some_answers_have_no_body(head: bytes, method: str) -> None:
    assert framing(parse(head), method).done


@pytest.mark.parametrize(
    "head",
    [
        read(content_length=""),
        read(content_length="-1"),
        read(content_length="+1"),
        read(content_length="0x1"),
        read(content_length="1_0"),
        read(content_length="1.0"),
        read(content_length="9" * 19),
        read(content_length="\xb2"),
        read(content_length="5") + b"\r\nContent-Length: 6",
        read(transfer_encoding="gzip, chunked"),
        read(transfer_encoding="identity"),
        read(transfer_encoding="chunked") + b"\r\nTransfer-Encoding: chunked",
    ],
)
def test_an_end_that_nobody_can_tell_is_refused(head: bytes) -> None:
    with pytest.raises(NotHTTP):
        framing(parse(head), "POST")


@pytest.mark.parametrize(
    ("method", "headers", "body", "said", "sent"),
    [
        ("POST", {}, b"abc", b"Content-Length: 3\r\n", b"abc"),
        ("POST", {}, None, b"Content-Length: 0\r\n", b""),
        ("GET", {}, None, b"", b""),
        ("DELETE", {}, b"a", b"Content-Length: 1\r\n", b"a"),
        ("POST", {"Content-Length": "3"}, [b"a", b"bc"], b"", b"abc"),
        (
            "POST",
            {},
            [b"a", b"", b"b" * 16],
            b"Transfer-Encoding: chunked\r\n",
            b"1\r\na\r\n10\r\n" + b"b" * 16 + b"\r\n0\r\n\r\n",
        ),
    ],
)
def test_a_head_ends_with_how_its_body_ends(
    method: str,
    headers: dict[str, str],
    body: bytes | Iterable[bytes] | None,
    said: bytes,
    sent: bytes,
) -> None:
    end, pieces = framed(method, headers, body)

    assert end == said + b"\r\n"
    assert b"".join(pieces) == sent
