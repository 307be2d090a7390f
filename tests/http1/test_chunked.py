"""Chunked bodies decode the same in any pieces; malformed ones are refused."""

import pytest

from app.errors import UpstreamError
from app.http1.chunked import ChunkedDecoder

BODIES: dict[str, tuple[bytes, bytes]] = {
    "one chunk": (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "many chunks": (b"1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", b"abcdef"),
    "no chunk": (b"0\r\n\r\n", b""),
    "upper and lower case digits": (
        b"0A\r\n0123456789\r\n00b\r\nhello world\r\n000\r\n\r\n",
        b"0123456789hello world",
    ),
    "line breaks in a chunk": (
        b"8\r\n\r\n0\r\n\r\n\n\r\n0\r\n\r\n",
        b"\r\n0\r\n\r\n\n",
    ),
    "extensions": (b'2;a\r\nhi\r\n1 ; b="c"\r\n!\r\n0;d=e\r\n\r\n', b"hi!"),
    "trailers": (b"2\r\nhi\r\n0\r\nA: b\r\nServer-Timing: x;dur=1\r\n\r\n", b"hi"),
}
every_body = pytest.mark.parametrize(("body", "payload"), BODIES.values(), ids=BODIES)

MALFORMED = {
    "not a number": b"hello\r\n",
    "an empty size": b"\r\n",
    "a sign": b"+5\r\nhello\r\n",
    "a negative size": b"-1\r\n",
    "a prefix": b"0x5\r\nhello\r\n",
    "an underscore": b"1_0\r\n",
    "a leading blank": b" 5\r\nhello\r\n",
    "a trailing blank": b"5 \r\nhello\r\n",
    "a line feed alone": b"5\nhello\r\n0\r\n\r\n",
    "a size that is too large": b"f" * 16 + b"\r\n",
    "an extension without a size": b";a=b\r\n",
    "a line feed in an extension": b"5;a\nb\r\nhello\r\n",
    "a carriage return in an extension": b"5;a\rb\r\nhello\r\n",
    "a chunk longer than its size": b"4\r\nhello\r\n",
    "a chunk shorter than its size": b"6\r\nhello\r\n0\r\n\r\n",
    "a chunk that ends in a line feed": b"5\r\nhello\n0\r\n\r\n",
    "a chunk that ends in a carriage return": b"5\r\nhello\r0\r\n\r\n",
    "a trailer without a colon": b"0\r\ntrailer\r\n\r\n",
    "a trailer without a name": b"0\r\n: x\r\n\r\n",
    "an endless size": b"5" * 20_000,
    "an endless trailer": b"0\r\nA: " + b"5" * 20_000,
}


def decode(*pieces: bytes) -> tuple[bytes, bool, bool]:
    decoder = ChunkedDecoder()
    payload = b"".join([decoder.feed(piece) for piece in pieces])
    return payload, decoder.done, decoder.excess


@every_body
def test_body_byte_by_byte(body: bytes, payload: bytes) -> None:
    decoder = ChunkedDecoder()
    decoded = b""
    for i in range(len(body)):
        assert not decoder.done
        decoded += decoder.feed(body[i : i + 1])

    assert (decoded, decoder.done, decoder.excess) == (payload, True, False)


@every_body
def test_body_in_any_two_pieces(body: bytes, payload: bytes) -> None:
    for cut in range(len(body) + 1):
        assert decode(body[:cut], b"", body[cut:]) == (payload, True, False)


def test_part_of_a_chunk_is_returned_at_once() -> None:
    decoder = ChunkedDecoder()

    assert decoder.feed(b"a\r\n0123") == b"0123"
    assert decoder.feed(b"456") == b"456"
    assert decoder.feed(b"789\r") == b"789"
    assert decoder.feed(b"\n1\r\n!") == b"!"
    assert not decoder.done


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_body_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        decode(body)
    with pytest.raises(UpstreamError):
        decode(*[body[i : i + 1] for i in range(len(body))])


def test_incomplete_body_is_not_done() -> None:
    assert decode(b"5\r\nhello\r\n0\r\n") == (b"hello", False, False)


def test_bytes_after_the_end_are_excess() -> None:
    assert decode(b"2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200 OK") == (b"hi", True, True)
    assert decode(b"2\r\nhi\r\n0\r\n\r\n", b"2\r\nho\r\n") == (b"hi", True, True)


def test_large_chunk_is_returned_as_it_arrives() -> None:
    decoder = ChunkedDecoder()
    piece = b"x" * 65536

    decoder.feed(b"f000000\r\n")

    assert all(decoder.feed(piece) == piece for _ in range(1000))
