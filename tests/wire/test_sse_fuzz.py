"""Compare the SSE decoder with the WHATWG's rules on random streams.

The decoder differs on purpose in two things: it drops events without data, and it does
not look for a byte order mark, which Cerebras does not send.
"""

import re

from hypothesis import given
from hypothesis import strategies as st

from app.wire import sse
from tests.fuzzing import at_least, cut, damaged

ALPHABET = b"data: {}\r\n\x00\x0b\x85"
LINES = [
    b'data: {"a":1}',
    b"data: [DONE]",
    b"data:x",
    b"data:  y",
    b"data",
    b"data:",
    b": hello",
    b"event: e",
    b"id: 7",
    b"retry",
    "data: é😀\u2028\u0085\x0b".encode(),
    b"",
]


def decode_by_rules(stream: bytes) -> list[bytes]:
    """Return the events as https://html.spec.whatwg.org/#event-stream-interpretation."""
    events: list[bytes] = []
    buffer = b""
    *lines, _ = re.split(rb"\r\n|\n|\r", stream)
    for line in lines:
        if line == b"":
            if buffer:
                events.append(buffer.removesuffix(b"\n"))
            buffer = b""
            continue
        name, _, value = line.partition(b":")
        if name == b"data":
            buffer += value.removeprefix(b" ") + b"\n"
    return [event for event in events if event]


def decode(pieces: list[bytes]) -> list[bytes]:
    decoder = sse.Decoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    ends = st.sampled_from([b"\n", b"\n", b"\n\n", b"\r\n", b"\r"])
    lines = draw(st.lists(st.tuples(st.sampled_from(LINES), ends), max_size=12))
    return draw(damaged(b"".join(line + end for line, end in lines), ALPHABET))


@at_least(150)
@given(st.data(), streams())
def test_decoder_follows_the_rules_on_damaged_streams(
    data: st.DataObject, stream: bytes
) -> None:
    assert decode([stream]) == decode_by_rules(stream)
    assert decode(data.draw(cut(stream))) == decode_by_rules(stream)
    single_bytes = [stream[i : i + 1] for i in range(len(stream))]
    assert decode(single_bytes) == decode_by_rules(stream)


@at_least(150)
@given(st.data(), st.binary(max_size=60) | st.text(ALPHABET.decode("latin-1")))
def test_decoder_follows_the_rules_on_random_bytes(
    data: st.DataObject, stream: bytes | str
) -> None:
    stream = stream.encode("latin-1") if isinstance(stream, str) else stream

    assert decode(data.draw(cut(stream))) == decode_by_rules(stream)
