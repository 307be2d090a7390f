"""A streamed answer: one list of chunks for each read of its socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

import msgspec

from app.errors import UpstreamError
from app.upstream.body import Body
from app.upstream.failures import CEREBRAS, cut_short, failed_in_stream
from app.wire import completion, sse
from app.wire.completion import Choice, Chunk, TimeInfo, Usage

TICK_S = 15.0
DRAIN_S = 1.0  # what a whole answer's usage, [DONE] and end of body may still take
DONE = b"[DONE]"
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class ChunkStream:
    """Chunks that say something, [] when nothing has for `tick_s`.

    It ends after a finish reason only: what stops before is an error, however cleanly.
    """

    def __init__(
        self, body: Body, on_close: Callable[[], None], tick_s: float = TICK_S
    ) -> None:
        self._body = body
        self._on_close = on_close
        self._tick_s = tick_s
        self.usage: Usage | None = None  # as told so far, which is mostly at the end
        self.time_info: TimeInfo | None = None
        self._events = sse.Decoder()
        self._first: list[Chunk] | None = None
        self._error: UpstreamError | None = None
        self._told = monotonic()  # when it last gave out a list
        self._whole = 0.0  # when the finish reason came

    def __iter__(self) -> Iterator[list[Chunk]]:
        return self

    def __next__(self) -> list[Chunk]:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._take()

    def prime(self) -> None:
        """Wait for the first list; an error now can still be tried again."""
        self._first = self._take()

    def close(self) -> None:
        """Give up what has not been read; for its own reader, at any time."""
        self._body.close()
        self._on_close()

    def _take(self) -> list[Chunk]:
        try:
            if self._whole:
                return self._wind_up()
            if self._error:
                raise self._error
            wait_s = self._tick_s
            while not self._body.ended:
                chunks = self._decode(self._body.read(wait_s))
                now = monotonic()
                if chunks:
                    self._told = now
                    return chunks
                wait_s = self._told + self._tick_s - now
                if wait_s <= 0:
                    self._told = now
                    return []
            raise cut_short(CEREBRAS)
        except BaseException:
            self._body.close()
            raise

    def _wind_up(self) -> list[Chunk]:
        """The answer is whole: what still follows is welcome, not waited for long."""
        while not self._body.ended:
            left_s = self._whole + DRAIN_S - monotonic()
            if left_s <= 0:
                break
            try:
                data = self._body.read(left_s)
            except UpstreamError:
                break
            chunks = self._decode(data)
            if chunks:
                return chunks
        raise StopIteration

    def _decode(self, data: bytes) -> list[Chunk]:
        """The chunks before an error are given out first, the error after them."""
        chunks: list[Chunk] = []
        try:
            for event in self._events.feed(data):
                if event == DONE:
                    self._check_whole()
                    continue
                chunk = completion.decode(event)
                if is_mere_text(chunk) or self._says_something(chunk):
                    chunks.append(chunk)
        except UNREADABLE:
            self._break_off(unintelligible(), chunks)
        except UpstreamError as error:
            self._break_off(error, chunks)
        return chunks

    def _break_off(self, error: UpstreamError, chunks: list[Chunk]) -> None:
        if not chunks and not self._whole:
            raise error
        self._error = error.with_traceback(None)  # which would lead back to us

    def _says_something(self, chunk: Chunk) -> bool:
        if chunk.error is not None:
            raise failed_in_stream(chunk)
        says = chunk.usage is not None or chunk.time_info is not None
        if says:
            self.usage = chunk.usage or self.usage
            self.time_info = chunk.time_info or self.time_info
        for choice in chunk.choices or ():
            if choice.finish_reason:
                self._whole = monotonic()
            says = says or speaks(choice)
        return says

    def _check_whole(self) -> None:
        if not self._whole:
            raise cut_short(CEREBRAS)


def decode(data: bytes) -> Chunk:
    """A whole completion out of its JSON."""
    try:
        return completion.decode(data)
    except UNREADABLE as error:
        raise unintelligible() from error


def unintelligible() -> UpstreamError:
    return UpstreamError("Cerebras sent something unintelligible")


def is_mere_text(chunk: Chunk) -> bool:
    """Nearly every chunk of a stream is: it is told apart at little cost."""
    choices = chunk.choices
    if not choices or len(choices) > 1 or chunk.error is not None:
        return False
    delta = choices[0].delta
    return bool(delta and delta.content and not choices[0].finish_reason)


def speaks(choice: Choice) -> bool:
    """Whether a choice brings more than a role."""
    delta = choice.delta or choice.message
    return bool(
        (delta and (delta.content or delta.reasoning or delta.tool_calls))
        or choice.text
        or choice.finish_reason
        or choice.logprobs
    )
