"""HTTP/1.1 chunk framing, done and undone: RFC 9112, section 7.1.

The decoder is written for bodies of many small chunks in one read, and strict: what
the grammar does not allow is refused, for a body read wrongly is a connection that
lies ever after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from app.errors import UpstreamError

CRLF = b"\r\n"
LAST_CHUNK = b"0\r\n\r\n"  # and no trailers
MAX_LINE_BYTES = 8 * 1024
MAX_TRAILERS = 100  # as many as http.client takes headers

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
EXTENSION = rb"[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?" % (TOKEN, TOKEN, QUOTED)
SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:%b)*" % EXTENSION)
TRAILER = re.compile(rb"%b:[\t -~\x80-\xff]*" % TOKEN)


def encode(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A body in chunks; an empty piece would end it."""
    for piece in filter(None, pieces):
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield LAST_CHUNK


class Decoder:
    """Feed it what arrives, it gives the payload at once, whole chunks or parts.

    `done` says that the body has ended, `excess` that bytes came after its end.
    """

    def __init__(self) -> None:
        self.done = False
        self.excess = False
        self._line = b""  # of a line that is not yet whole
        self._left = 0  # bytes that the open chunk still lacks, its CRLF included
        self._trailers = 0  # lines read since the last chunk, its own among them

    def feed(self, data: bytes) -> bytes:
        """The payload that `data` brings; mostly that is one whole chunk."""
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
            self._keep(data[at:])
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
        if self._trailers > MAX_TRAILERS or not fits(TRAILER, line):
            raise malformed("a trailer is no header")

    def _keep(self, rest: bytes) -> None:
        if self.done:
            self.excess = self.excess or bool(rest)
            rest = b""
        if len(rest) > MAX_LINE_BYTES:
            raise malformed("a line is too long")
        self._line = rest


def take_whole_chunks(data: bytes, at: int, payload: list[bytes]) -> int:
    """The hot path: up to the first chunk that is not all there, or is the last."""
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
    """The size that a chunk's first line gives; extensions are passed over."""
    if not (found := fits(SIZE_LINE, line)):
        raise malformed("a chunk's size is no number")
    return int(found[1], 16)


def fits(grammar: re.Pattern[bytes], line: bytes) -> re.Match[bytes] | None:
    """A line as the grammar wants it, and no longer than one that comes in parts."""
    return grammar.fullmatch(line) if len(line) < MAX_LINE_BYTES else None


def malformed(fault: str) -> UpstreamError:
    """The refusal of a body whose framing is wrong."""
    return UpstreamError(f"an upstream's answer is malformed: {fault}")
