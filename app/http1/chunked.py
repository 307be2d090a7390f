"""Encode and decode the chunked transfer coding (RFC 9112, section 7.1).

The decoder is optimized for reads that hold many small chunks. It is strict: a body
that is read wrongly corrupts every later message on its connection.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from app.errors import UpstreamError

CRLF = b"\r\n"
LAST_CHUNK = b"0\r\n\r\n"  # without trailers
MAX_LINE_BYTES = 8 * 1024
MAX_TRAILERS = 100  # the limit of http.client for headers

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
EXTENSION = rb"[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?" % (TOKEN, TOKEN, QUOTED)
SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:%b)*" % EXTENSION)
TRAILER = re.compile(rb"%b:[\t -~\x80-\xff]*" % TOKEN)


def encode(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield each piece as a chunk, then the last chunk; skip empty pieces."""
    for piece in filter(None, pieces):
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield LAST_CHUNK


class ChunkedDecoder:
    """Decodes a chunked body; returns the parts of a chunk as they arrive.

    `done` says that the body has ended, `excess` that bytes came after its end.
    """

    def __init__(self) -> None:
        self.done = False
        self.excess = False
        self._line = b""  # the beginning of an incomplete line
        self._left = 0  # missing bytes of the open chunk, its CRLF included
        self._trailers = 0  # lines read since the last chunk, its size line included

    def feed(self, data: bytes) -> bytes:
        """Return the payload in `data`; the fast path is exactly one whole chunk."""
        if not (self._line or self._left or self._trailers):
            line, _, chunk = data.partition(CRLF)
            size = len(chunk) - len(CRLF)
            if size > 0 and chunk.endswith(CRLF) and parse_size(line) == size:
                return chunk[:-2]
        data = self._line + data
        payload: list[bytes] = []
        at = self._continue_chunk(data, 0, payload) if self._left else 0
        while not (self.done or self._left):
            if not self._trailers:
                at = take_whole_chunks(data, at, payload)
            end = data.find(CRLF, at)
            if end < 0:
                break
            line, at = data[at:end], end + 2
            if self._trailers:
                self._read_trailer(line)
            else:
                at = self._open_chunk(parse_size(line), data, at, payload)
        self._line = b""
        if at < len(data):
            self._keep_line(data[at:])
        return b"".join(payload)

    def _open_chunk(self, size: int, data: bytes, at: int, payload: list[bytes]) -> int:
        if size == 0:
            self._trailers = 1
            return at
        self._left = size + len(CRLF)
        return self._continue_chunk(data, at, payload)

    def _continue_chunk(self, data: bytes, at: int, payload: list[bytes]) -> int:
        piece = data[at : at + max(self._left - len(CRLF), 0)]
        payload.append(piece)
        self._left -= len(piece)
        at += len(piece)
        if self._left > len(CRLF):
            return at
        ending = data[at : at + self._left]
        if not CRLF[-self._left :].startswith(ending):
            raise malformed("a chunk is longer than its size")
        self._left -= len(ending)
        return at + len(ending)

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self.done = True
            return
        self._trailers += 1
        if self._trailers > MAX_TRAILERS or not match_line(TRAILER, line):
            raise malformed("a trailer is not a header")

    def _keep_line(self, rest: bytes) -> None:
        if self.done:
            self.excess = self.excess or bool(rest)
            rest = b""
        if len(rest) > MAX_LINE_BYTES:
            raise malformed("a line is too long")
        self._line = rest


def take_whole_chunks(data: bytes, at: int, payload: list[bytes]) -> int:
    """Append whole chunks to `payload`; return where the first other line begins.

    This is the fast path for several chunks. It stops at an incomplete chunk and at the
    last one.
    """
    while (end := data.find(CRLF, at)) >= 0:
        start = end + 2
        stop = start + parse_size(data[at:end])
        if stop == start or not data.startswith(CRLF, stop):
            break
        payload.append(data[start:stop])
        at = stop + 2
    return at


@lru_cache
def parse_size(line: bytes) -> int:
    """Return the chunk size in a size line; ignore chunk extensions."""
    if not (match := match_line(SIZE_LINE, line)):
        raise malformed("a chunk's size is not a number")
    return int(match[1], 16)


def match_line(grammar: re.Pattern[bytes], line: bytes) -> re.Match[bytes] | None:
    """Match a line of limited length; incomplete lines have the same limit."""
    return grammar.fullmatch(line) if len(line) < MAX_LINE_BYTES else None


def malformed(fault: str) -> UpstreamError:
    """Return the error for a body with invalid framing."""
    return UpstreamError(f"an upstream's answer is malformed: {fault}")
