"""The chunked decoder agrees with the grammar of RFC 9112, section 7.1."""

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UpstreamError
from app.http1 import chunked
from tests.fuzzing import at_least, cut, damaged

TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
QUOTED = rb'"([\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
EXTENSION = b"([ \t]*;[ \t]*%b([ \t]*=[ \t]*(%b|%b))?)" % (TOKEN, TOKEN, QUOTED)
CHUNK = re.compile(rb"([0-9A-Fa-f]+)%b*\r\n" % EXTENSION)
TRAILERS = re.compile(rb"(%b:[\t \x21-\x7e\x80-\xff]*\r\n)*\r\n" % TOKEN)

ALPHABET = b'0123aF \t\r\n;=":,\\x-+_\x00\x7f\x80'


class Decoded(NamedTuple):
    payload: bytes
    excess: bool


def decode_by_grammar(body: bytes) -> Decoded | None:
    """Decode a whole body; return None if it is malformed or incomplete."""
    payload, at = b"", 0
    while opened := CHUNK.match(body, at):
        size, at = int(opened[1], 16), opened.end()
        if size == 0:
            trailers = TRAILERS.match(body, at)
            return Decoded(payload, trailers.end() < len(body)) if trailers else None
        if body[at + size : at + size + 2] != b"\r\n":
            return None
        payload += body[at : at + size]
        at += size + 2
    return None


def decode_by_decoder(pieces: list[bytes]) -> Decoded | None:
    decoder = chunked.ChunkedDecoder()
    try:
        payload = b"".join([decoder.feed(piece) for piece in pieces])
    except UpstreamError:
        return None
    return Decoded(payload, decoder.excess) if decoder.done else None


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
    assert decode_by_decoder([body]) == decode_by_grammar(body)
    assert decode_by_decoder(data.draw(cut(body))) == decode_by_grammar(body)
    assert decode_by_decoder(
        [body[i : i + 1] for i in range(len(body))]
    ) == decode_by_grammar(body)


@at_least(150)
@given(st.data(), st.binary(max_size=40) | st.text(ALPHABET.decode("latin-1")))
def test_random_bytes_are_decoded_as_by_the_grammar(
    data: st.DataObject, body: bytes | str
) -> None:
    body = body.encode("latin-1") if isinstance(body, str) else body

    assert decode_by_decoder(data.draw(cut(body))) == decode_by_grammar(body)


@pytest.mark.parametrize("line", [b"1;a=%b\r\n", b"0\r\nA: %b\r\n"], ids=str)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "in parts"])
def test_line_length_is_limited(line: bytes, whole: bool) -> None:
    decoder = chunked.ChunkedDecoder()
    body = line % (b"x" * chunked.MAX_LINE_BYTES)
    pieces = [body] if whole else [body[i : i + 99] for i in range(0, len(body), 99)]

    with pytest.raises(UpstreamError):
        for piece in pieces:
            decoder.feed(piece)


def test_number_of_trailers_is_limited() -> None:
    decoder = chunked.ChunkedDecoder()
    decoder.feed(b"0\r\n")

    with pytest.raises(UpstreamError):
        for _ in range(chunked.MAX_TRAILERS + 1):
            decoder.feed(b"A: b\r\n")
