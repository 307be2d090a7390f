"""Stop sequences beyond the upstream's limit: Cerellama cuts the reply at them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from app.errors import InvalidRequest
from app.translate.deltas import choice_of, delta_of
from app.wire.completion import Choice, Chunk, Delta

UPSTREAM_LIMIT = 4

# Limits of the search in each chunk, which delays the worker's other streams.
MAX_FURTHER = 100
MAX_LENGTH = 1000  # characters


def split(stops: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the stop sequences to send, and the further ones to search for here."""
    nonempty = [stop for stop in stops if stop]
    sent, further = nonempty[:UPSTREAM_LIMIT], nonempty[UPSTREAM_LIMIT:]
    if len(further) > MAX_FURTHER or max(map(len, further), default=0) > MAX_LENGTH:
        raise InvalidRequest(
            f"there may be {UPSTREAM_LIMIT} stop sequences, and {MAX_FURTHER} more of "
            f"at most {MAX_LENGTH} characters"
        )
    return sent, further


def cut_stream(
    batches: Iterable[Sequence[Chunk]], stops: Sequence[str], close: Callable[[], Any]
) -> Iterator[list[Chunk]]:
    """Yield the batches up to the first stop sequence, then call `close`."""
    cutter = StreamCutter(stops)
    for batch in batches:
        kept: list[Chunk] = []
        for chunk in batch:
            kept += cutter.feed(chunk)
            if cutter.is_cut:
                close()
                yield kept
                return
        if kept or not batch:
            yield kept


def cut_completion(completion: Chunk, stops: Sequence[str]) -> Chunk:
    """Return a whole completion up to the first stop sequence in its text."""
    message = delta_of(choice_of(completion))
    text = message.content or ""
    match = find_first(text, stops)
    if match is None:
        return completion
    cut_message = Delta(content=text[: match.position], reasoning=message.reasoning)
    cut_choice = Choice(
        message=cut_message, finish_reason="stop", stop_sequence=match.stop
    )
    return Chunk(
        choices=[cut_choice], usage=completion.usage, time_info=completion.time_info
    )


class Match(NamedTuple):
    """A stop sequence in a text."""

    position: int
    stop: str


def find_first(text: str, stops: Iterable[str]) -> Match | None:
    """Return the stop sequence that begins first in the text."""
    matches = [Match(text.find(stop), stop) for stop in stops if stop in text]
    return min(matches, default=None)


class StreamCutter:
    """Holds back the end of the text while it could be the beginning of a stop."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.stops = stops
        self.held = ""
        self.is_cut = False

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """Return the chunks that the client may receive after this chunk came."""
        choice = chunk.choices[0] if chunk.choices else Choice()
        delta = choice.delta or Delta(content=choice.text)
        self.held += delta.content or ""
        match = find_first(self.held, self.stops)
        if match is not None:
            self.is_cut = True
            end = Choice(delta=Delta(), finish_reason="stop", stop_sequence=match.stop)
            released = self._release(match.position, choice)
            return [*released, replace(chunk, choices=[end])]
        if choice.finish_reason or delta.tool_calls:
            rest = Delta(tool_calls=delta.tool_calls)
            last = Choice(delta=rest, finish_reason=choice.finish_reason)
            released = self._release(len(self.held), choice)
            return [*released, replace(chunk, choices=[last])]
        if not delta.content:
            return [chunk]
        return self._release(len(self.held) - self._partial_stop_length(), choice)

    def _release(self, length: int, choice: Choice) -> list[Chunk]:
        """Return a chunk with the first `length` characters of the held text."""
        text, self.held = self.held[:length], self.held[length:]
        reasoning = choice.delta.reasoning if choice.delta else None
        if not (text or reasoning or choice.logprobs):
            return []
        delta = Delta(content=text, reasoning=reasoning)
        return [Chunk(choices=[Choice(delta=delta, logprobs=choice.logprobs)])]

    def _partial_stop_length(self) -> int:
        """Return the length of the longest end of the text that begins a stop."""
        longest = max(map(len, self.stops)) - 1
        for length in range(min(longest, len(self.held)), 0, -1):
            if any(stop.startswith(self.held[-length:]) for stop in self.stops):
                return length
        return 0
