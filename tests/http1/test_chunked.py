"""Chunked bodies decode the same in any pieces; malformed ones are refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UpstreamError
from app.http1.chunked import MAX_LINE_BYTES, MAX_TRAILERS, ChunkedDecoder
from tests.fuzzing import any_bytes, at_least, cut, damaged

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


def single_bytes(body: bytes) -> list[bytes]:
    return [body[i : i + 1] for i in range(len(body))]


@pytest.mark.parametrize(("body", "payload"), BODIES.values(), ids=BODIES)
def test_body_is_decoded_from_any_pieces(body: bytes, payload: bytes) -> None:
    assert decode(*single_bytes(body)[:-1])[1:] == (False, False)
    assert decode(*single_bytes(body)) == (payload, True, False)
    for at in range(len(body) + 1):
        assert decode(body[:at], b"", body[at:]) == (payload, True, False)


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
        decode(*single_bytes(body))


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


TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
QUOTED = rb'"([\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
EXTENSION = b"([ \t]*;[ \t]*%b([ \t]*=[ \t]*(%b|%b))?)" % (TOKEN, TOKEN, QUOTED)
CHUNK = re.compile(rb"([0-9A-Fa-f]+)%b*\r\n" % EXTENSION)
TRAILERS = re.compile(rb"(%b:[\t \x21-\x7e\x80-\xff]*\r\n)*\r\n" % TOKEN)

ALPHABET = b'0123aF \t\r\n;=":,\\x-+_\x00\x7f\x80'
Decoded = tuple[bytes, bool, bool]  # payload, done, excess


def decode_by_grammar(body: bytes) -> Decoded | None:
    """Decode a whole body; return None if it is malformed or incomplete."""
    payload, at = b"", 0
    while opened := CHUNK.match(body, at):
        size, at = int(opened[1], 16), opened.end()
        if size == 0:
            trailers = TRAILERS.match(body, at)
            excess = trailers is not None and trailers.end() < len(body)
            return (payload, True, excess) if trailers else None
        if body[at + size : at + size + 2] != b"\r\n":
            return None
        payload += body[at : at + size]
        at += size + 2
    return None


def decode_or_refuse(*pieces: bytes) -> Decoded | None:
    """Return what the decoder returns; None if it refuses the body or wants more."""
    try:
        decoded = decode(*pieces)
    except UpstreamError:
        return None
    return decoded if decoded[1] else None


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    extensions = st.sampled_from([b"", b";a", b' ; a = "b\\"c"', b";a=b;c=d"])
    chunks = draw(st.lists(st.tuples(st.binary(min_size=1, max_size=20), extensions)))
    trailers = draw(st.lists(st.sampled_from([b"A: b\r\n", b"C:\r\n"]), max_size=2))
    framed = [b"%x%b\r\n%b\r\n" % (len(data), ext, data) for data, ext in chunks]
    body = b"".join([*framed, b"0", draw(extensions), b"\r\n", *trailers, b"\r\n"])
    return draw(damaged(body, ALPHABET))


@at_least(150)
@given(st.data(), bodies())
def test_damaged_body_is_decoded_as_by_the_grammar(
    data: st.DataObject, body: bytes
) -> None:
    expected = decode_by_grammar(body)
    assert decode_or_refuse(body) == expected
    assert decode_or_refuse(*data.draw(cut(body))) == expected
    assert decode_or_refuse(*single_bytes(body)) == expected


@at_least(150)
@given(st.data(), any_bytes(ALPHABET))
def test_random_bytes_are_decoded_as_by_the_grammar(
    data: st.DataObject, body: bytes
) -> None:
    assert decode_or_refuse(*data.draw(cut(body))) == decode_by_grammar(body)


@pytest.mark.parametrize("line", [b"1;a=%b\r\n", b"0\r\nA: %b\r\n"], ids=str)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "in parts"])
def test_line_length_is_limited(line: bytes, whole: bool) -> None:
    decoder = ChunkedDecoder()
    body = line % (b"x" * MAX_LINE_BYTES)
    pieces = [body] if whole else [body[i : i + 99] for i in range(0, len(body), 99)]

    with pytest.raises(UpstreamError):
        for piece in pieces:
            decoder.feed(piece)


def test_number_of_trailers_is_limited() -> None:
    decoder = ChunkedDecoder()
    decoder.feed(b"0\r\n")

    with pytest.raises(UpstreamError):
        for _ in range(MAX_TRAILERS + 1):
            decoder.feed(b"A: b\r\n")
