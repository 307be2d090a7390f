"""Send a response body: its pace, its chunks and writes, its interruptions."""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from gevent.event import Event as Gate

from fake_cerebras.connection import DisconnectWatch
from fake_cerebras.errors import STREAM_ERROR
from fake_cerebras.response import Event, encode_event
from fake_cerebras.script import Interruption, Script

MAX_CATCH_UP_S = 0.05  # by which a late server may exceed the pace
LAST_CHUNK = b"0\r\n\r\n"
GARBAGE = b'data: {"id":"chatcmpl-\xff\xfe","choices":[{"del\n\n'
HALF_EVENT = b'data: {"id":"chatcmpl-half","choices":[{"del'
HALF_HEAD = b"HTTP/1.1 200 OK\r\ncontent-ty"
NOT_HTTP = b"\x16\x03\x01 this is no HTTP answer\r\n\r\n"
FLOOD_PART = b"x" * (1 << 20)
FLOOD_PARTS = 100
BEFORE_RESPONSE = -1  # the position before the first byte
BODY_FAULTS = ("in_stream_error", "end", "half_event", "flood")


class CloseConnection(Exception):
    """Raised by a fault that closes the connection, by a TCP reset or normally."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__(reset)
        self.reset = reset


class EndBody(Exception):
    """Raised by a fault that ends the body early but with correct framing."""


class BodyWriter:
    """Writes parts of a body in the chunks and writes that a script asks for."""

    def __init__(
        self,
        script: Script,
        write: Callable[[bytes], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._script = script
        self._write = write
        self._sleep = sleep
        self._parts: list[bytes] = []  # of the next HTTP chunk
        self._chunks: list[bytes] = []  # of the next write

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        if len(self._parts) >= self._script.events_per_chunk:
            self._end_chunk()
        if len(self._chunks) >= self._script.events_per_write:
            self.flush()

    def flush(self) -> None:
        self._end_chunk()
        data = b"".join(self._chunks)
        self._chunks = []
        if not data:
            return
        if not self._script.write_sizes:
            self._write(data)
            return
        for part in _split(data, self._script.write_sizes):
            self._write(part)
            self._sleep(self._script.write_pause)

    def write_unframed(self, data: bytes) -> None:
        self._write(data)

    def finish(self) -> None:
        self._end_chunk()
        if self._script.framing == "chunked":
            self._chunks.append(LAST_CHUNK)
        self.flush()

    def _end_chunk(self) -> None:
        chunks = _split(b"".join(self._parts), self._script.chunk_sizes)
        self._parts = []
        if self._script.framing == "chunked":
            chunks = (b"%x\r\n%b\r\n" % (len(each), each) for each in chunks)
        self._chunks += chunks


def _split(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Yield the data in parts of these sizes, used in turn; whole without sizes."""
    start = 0
    for size in itertools.cycle(sizes or [len(data)]):
        if start >= len(data):
            return
        yield data[start : start + size]
        start += size


class Interruptions:
    """The holds, pauses and faults of a script, in the order of their positions."""

    def __init__(
        self,
        script: Script,
        writer: BodyWriter,
        watch: DisconnectWatch,
        gate: Callable[[str], Gate],
    ) -> None:
        self._script = script
        self._writer = writer
        self._watch = watch
        self._gate = gate
        self._pending = sorted(script.interruptions, key=position_of)
        self._started = False

    @property
    def body_positions(self) -> list[int]:
        return sorted({position_of(each) for each in self._pending} - {BEFORE_RESPONSE})

    def reach(self, position: float) -> None:
        """Run the interruptions up to a position."""
        self._started = position > BEFORE_RESPONSE
        while self._pending and position_of(self._pending[0]) <= position:
            self._run(self._pending.pop(0))

    def _run(self, interruption: Interruption) -> None:
        self._writer.flush()
        if interruption.hold is not None:
            self._watch.sleep(until=self._gate(interruption.hold))
        if interruption.pause is not None:
            self._watch.sleep(interruption.pause)
        if interruption.fault is not None:
            self._run_fault(interruption.fault)

    def _run_fault(self, fault: str) -> None:
        match fault:
            case "cut" | "reset":
                raise CloseConnection(reset=fault == "reset")
            case "stall_in_head":
                self._writer.write_unframed(HALF_HEAD)
                self._watch.sleep()
            case "stall":
                self._watch.sleep()
            case "garbage" if self._started:
                self._writer.add(GARBAGE)
            case "garbage":
                self._writer.write_unframed(NOT_HTTP)
                raise CloseConnection
            case _:
                self._end_body(fault)

    def _end_body(self, fault: str) -> None:
        if fault == "in_stream_error":
            self._writer.add(encode_event(STREAM_ERROR, self._script.extras))
        elif fault in ("half_event", "flood"):
            self._writer.add(HALF_EVENT)
        for _ in range(FLOOD_PARTS if fault == "flood" else 0):
            self._writer.add(FLOOD_PART)
            self._writer.flush()
            self._watch.sleep(0)
        raise EndBody


def position_of(interruption: Interruption) -> int:
    if interruption.after is not None:
        return interruption.after
    return 0 if interruption.fault in BODY_FAULTS else BEFORE_RESPONSE


class Delivery:
    """Sends the body of one response to one client."""

    def __init__(
        self, writer: BodyWriter, interruptions: Interruptions, watch: DisconnectWatch
    ) -> None:
        self._writer = writer
        self._interruptions = interruptions
        self._watch = watch

    def before_response(self) -> None:
        self._interruptions.reach(BEFORE_RESPONSE)

    def stream(self, events: Iterable[Event], tokens_per_second: float) -> None:
        """Send events at a pace; 0 means as fast as possible."""
        due = time.monotonic()
        try:
            for position, event in enumerate(events):
                self._interruptions.reach(position)
                now = time.monotonic()
                if tokens_per_second > 0:
                    due = max(due, now - MAX_CATCH_UP_S)
                    due += event.tokens / tokens_per_second
                self._watch.sleep(due - now)
                self._writer.add(event.data)
            self._interruptions.reach(math.inf)
        except EndBody:
            pass
        self._writer.finish()

    def send_whole(self, body: bytes) -> None:
        """Send a whole body; positions of interruptions count its bytes."""
        positions = self._interruptions.body_positions
        ends = [each for each in positions if each < len(body)]
        start = 0
        try:
            for end in [*ends, len(body)]:
                self._interruptions.reach(start)
                self._writer.add(body[start:end])
                start = end
            self._interruptions.reach(math.inf)
        except EndBody:
            pass
        self._writer.finish()
