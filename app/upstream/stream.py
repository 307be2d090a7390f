"""A streamed completion as batches of chunks, one batch per socket read."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic

import msgspec

from app.errors import CerellamaError, UpstreamError
from app.http1.client import ResponseBody
from app.http1.errors import incomplete_error
from app.upstream.error_responses import CEREBRAS, error_from_chunk
from app.wire import completion, sse
from app.wire.completion import Choice, Chunk, TimeInfo, Usage

SILENCE_S = 15.0
DRAIN_S = 1.0  # for usage, [DONE] and the end of the body, after the finish reason
DONE = b"[DONE]"
DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class ChunkStream:
    """An iterator over the batches of a streamed response.

    A batch holds the chunks with content of one socket read. It is empty if there were
    none for `silence_s` seconds. Iteration ends after a finish reason. A response that
    ends without a finish reason raises UpstreamError.

    Attributes:
        usage: The tokens as sent so far, usually at the end.
        time_info: The upstream's own timing, likewise.
    """

    def __init__(
        self,
        body: ResponseBody,
        on_close: Callable[[], None],
        silence_s: float = SILENCE_S,
    ) -> None:
        self.usage: Usage | None = None
        self.time_info: TimeInfo | None = None
        self._body = body
        self._on_close = on_close
        self._silence_s = silence_s
        self._events = sse.Decoder()
        self._first: list[Chunk] | None = None
        self._error: UpstreamError | None = None  # raised after the chunks before it
        self._yielded_at = monotonic()
        self._finished_at = 0.0  # when the finish reason came

    def __iter__(self) -> Iterator[list[Chunk]]:
        return self

    def __next__(self) -> list[Chunk]:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._read_batch()

    def read_first(self) -> None:
        """Wait for the first batch. After an error the request can still be retried."""
        self._first = self._read_batch()

    def close(self) -> None:
        """Release the connection and the key; only the reader may call this.

        If the response is finished, its rest is read for at most DRAIN_S, so that the
        connection can be reused. The connection of an unfinished response, or of a
        request that was cancelled, is closed at once.
        """
        if self._finished_at:
            deadline = monotonic() + DRAIN_S
            with suppress(CerellamaError):
                while not self._body.ended and self._read_rest(deadline) is not None:
                    pass
        self._body.close()
        self._on_close()

    def _read_batch(self) -> list[Chunk]:
        try:
            if self._finished_at:
                return self._read_after_finish()
            if self._error:
                raise self._error
            wait_s = self._silence_s
            while not self._body.ended:
                chunks = self._decode(self._body.read(wait_s))
                now = monotonic()
                if chunks:
                    self._yielded_at = now
                    return chunks
                wait_s = self._yielded_at + self._silence_s - now
                if wait_s <= 0:
                    self._yielded_at = now
                    return []
            raise incomplete_error(CEREBRAS)
        except BaseException:
            self._body.close()
            raise

    def _read_after_finish(self) -> list[Chunk]:
        """Return further chunks, such as usage; ignore failures."""
        deadline = self._finished_at + DRAIN_S
        with suppress(UpstreamError):
            while not self._body.ended:
                chunks = self._read_rest(deadline)
                if chunks is None:
                    break
                if chunks:
                    return chunks
        raise StopIteration

    def _read_rest(self, deadline: float) -> list[Chunk] | None:
        """Return the chunks of one read; None after the deadline."""
        left_s = deadline - monotonic()
        return self._decode(self._body.read(left_s)) if left_s > 0 else None

    def _decode(self, data: bytes) -> list[Chunk]:
        """Return the chunks in `data`; keep an error after them for the next read."""
        chunks: list[Chunk] = []
        try:
            for event in self._events.feed(data):
                if event == DONE:
                    self._check_finished()
                    continue
                chunk = completion.decode(event)
                if is_plain_text(chunk) or self._has_content(chunk):
                    chunks.append(chunk)
        except DECODE_ERRORS:
            self._fail(undecodable_error(), chunks)
        except UpstreamError as error:
            self._fail(error, chunks)
        return chunks

    def _fail(self, error: UpstreamError, chunks: list[Chunk]) -> None:
        if not chunks and not self._finished_at:
            raise error
        # The traceback would be a reference cycle through this object.
        self._error = error.with_traceback(None)

    def _has_content(self, chunk: Chunk) -> bool:
        """Return whether a client needs the chunk; note usage and the finish reason."""
        if chunk.error is not None:
            raise error_from_chunk(chunk)
        has_content = chunk.usage is not None or chunk.time_info is not None
        if has_content:
            self.usage = chunk.usage or self.usage
            self.time_info = chunk.time_info or self.time_info
        for choice in chunk.choices or ():
            if choice.finish_reason:
                self._finished_at = monotonic()
            has_content = has_content or is_more_than_role(choice)
        return has_content

    def _check_finished(self) -> None:
        if not self._finished_at:
            raise incomplete_error(CEREBRAS)


def decode_completion(data: bytes) -> Chunk:
    """Return a whole completion from its JSON."""
    try:
        decoded = completion.decode(data)
    except DECODE_ERRORS as error:
        raise undecodable_error() from error
    if not decoded.choices:
        raise UpstreamError("Cerebras returned no choices")
    return decoded


def undecodable_error() -> UpstreamError:
    """Return the error for data that is not JSON, or not of this form."""
    return UpstreamError("Cerebras sent something unintelligible")


def is_plain_text(chunk: Chunk) -> bool:
    """Return whether a chunk has nothing but text. Fast path: nearly all chunks."""
    choices = chunk.choices
    if not choices or len(choices) > 1 or chunk.error is not None:
        return False
    delta = choices[0].delta
    return bool(delta and delta.content and not choices[0].finish_reason)


def is_more_than_role(choice: Choice) -> bool:
    """Return whether a choice has anything but the role of the message."""
    delta = choice.delta or choice.message
    return bool(
        (delta and (delta.content or delta.reasoning or delta.tool_calls))
        or choice.text
        or choice.finish_reason
        or choice.logprobs
    )
