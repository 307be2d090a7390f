"""The decoder returns the same events however the network splits the stream."""

import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UpstreamError
from app.wire import sse
from tests.fuzzing import any_bytes, at_least, cut, damaged

TEXT = "é😀\u2028\u0085\x0b\x0c".encode()
STREAMS: dict[str, tuple[bytes, list[bytes]]] = {
    "one event": (b'data: {"a":1}\n\n', [b'{"a":1}']),
    "two events": (b'data: {"a":1}\n\ndata: [DONE]\n\n', [b'{"a":1}', b"[DONE]"]),
    "no space after the colon": (b"data:x\n\ndata:  y\n\n", [b"x", b" y"]),
    "carriage return and line feed": (b"data: x\r\n\r\ndata: y\r\n\r\n", [b"x", b"y"]),
    "carriage return alone": (b"data: x\r\rdata: y\r\r", [b"x", b"y"]),
    "mixed line ends": (b"data: x\r\ndata: y\n\rdata: z\r\n\n", [b"x\ny", b"z"]),
    "several lines of data": (b'data: {\ndata: "a":1}\n\n', [b'{\n"a":1}']),
    "comments and blank lines": (b": hello\n\n\n\n:\ndata: x\n: y\n\n\n", [b"x"]),
    "other fields": (b"event: e\nid: 7\nretry: 3\nfoo\ndata: x\n\n", [b"x"]),
    "field name that starts with data": (b"database: x\n\nData: y\n\n", []),
    "no data": (b"event: e\n\ndata\n\ndata:\n\ndata: \n\n", []),
    "an empty line of data": (b"data\ndata\n\n", [b"\n"]),
    "a colon in the data": (b"data: a:b: c\n\n", [b"a:b: c"]),
    "JSON with a second line": (b"data: {\nid: 1\n\n", [b"{"]),
    "non-ASCII line breaks": (b'data: {"%b"}\n\n' % TEXT, [b'{"%b"}' % TEXT]),
    "unfinished event": (b"data: x\n\ndata: y\n", [b"x"]),
    "nothing": (b"", []),
}


def decode(*pieces: bytes) -> list[bytes]:
    decoder = sse.Decoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


def single_bytes(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


@pytest.mark.parametrize(("stream", "events"), STREAMS.values(), ids=STREAMS)
def test_stream_is_decoded_from_any_pieces(stream: bytes, events: list[bytes]) -> None:
    assert decode(*single_bytes(stream)) == events
    for at in range(len(stream) + 1):
        assert decode(stream[:at], b"", stream[at:]) == events


def test_event_is_returned_as_soon_as_its_blank_line() -> None:
    decoder = sse.Decoder()

    assert decoder.feed(b"data: x\r\n\r") == [b"x"]
    assert decoder.feed(b"\ndata: y\r\n\r\n") == [b"y"]


def test_endless_event_is_refused_within_bounded_memory() -> None:
    decoder = sse.Decoder()
    piece = b"x" * 65536
    tracemalloc.start()

    with pytest.raises(UpstreamError):
        for _ in range(100 * 1024 * 1024 // len(piece)):
            decoder.feed(piece)

    assert tracemalloc.get_traced_memory()[1] < 3 * sse.MAX_EVENT_BYTES
    tracemalloc.stop()


@pytest.mark.parametrize("data", [b'{"a":1}', b"two\nlines", b" blank", TEXT])
def test_encoded_event_is_decoded(data: bytes) -> None:
    assert decode(sse.encode(data)) == [data]
    assert decode(sse.encode(data, "name")) == [data]


def test_encoded_event_has_optional_name() -> None:
    assert sse.encode(b"{}") == b"data: {}\n\n"
    assert sse.encode(b"{}", "error") == b"event: error\ndata: {}\n\n"


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
    """Return the events as https://html.spec.whatwg.org/#event-stream-interpretation.

    The decoder differs on purpose in two things: it drops events without data, and it
    does not look for a byte order mark, which Cerebras does not send.
    """
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
    assert decode(stream) == decode_by_rules(stream)
    assert decode(*data.draw(cut(stream))) == decode_by_rules(stream)
    assert decode(*single_bytes(stream)) == decode_by_rules(stream)


@at_least(150)
@given(st.data(), any_bytes(ALPHABET))
def test_decoder_follows_the_rules_on_random_bytes(
    data: st.DataObject, stream: bytes
) -> None:

    assert decode(*data.draw(cut(stream))) == decode_by_rules(stream)
