"""How bytes leave: in which HTTP chunks and in which writes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from fake_cerebras.script import Script

LAST_CHUNK = b"0\r\n\r\n"


class BodyWriter:
    """Takes pieces of a body and writes them the way a script wants them written."""

    def __init__(
        self,
        script: Script,
        write: Callable[[bytes], None],
        pause: Callable[[float], None],
    ) -> None:
        self._script = script
        self._write = write
        self._pause = pause
        self._pieces: list[bytes] = []  # of the next HTTP chunk
        self._chunks: list[bytes] = []  # of the next write

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        if len(self._pieces) >= self._script.events_per_chunk:
            self._end_chunk()
        if len(self._chunks) >= self._script.events_per_write:
            self.flush()

    def flush(self) -> None:
        self._end_chunk()
        data = b"".join(self._chunks)
        self._chunks = []
        if data:
            self._send(data)

    def write_plainly(self, data: bytes) -> None:
        """Past all framing: these bytes, now."""
        self._write(data)

    def finish(self) -> None:
        self._end_chunk()
        if self._script.framing == "chunked":
            self._chunks.append(LAST_CHUNK)
        self.flush()

    def _end_chunk(self) -> None:
        data = b"".join(self._pieces)
        self._pieces = []
        if data:
            self._chunks += self._framed(data)

    def _framed(self, data: bytes) -> Iterator[bytes]:
        for part in _parts(data, self._script.chunk_sizes):
            chunked = self._script.framing == "chunked"
            yield b"%x\r\n%b\r\n" % (len(part), part) if chunked else part

    def _send(self, data: bytes) -> None:
        if not self._script.write_sizes:
            self._write(data)
            return
        for part in _parts(data, self._script.write_sizes):
            self._write(part)
            self._pause(self._script.write_pause)


def _parts(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """The data in parts of these sizes, over and over; whole without sizes."""
    if not sizes:
        yield data
        return
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(data):
            return
        yield data[start : start + size]
        start += size
