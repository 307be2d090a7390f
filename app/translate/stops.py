"""Stop sequences beyond those the upstream takes, enforced while the answer passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from app.errors import InvalidRequest
from app.wire.completion import Choice, Chunk, Delta

UPSTREAM_LIMIT = 4

# Each is looked for in each chunk, where other streams wait for it.
MOST = 100
LONGEST = 1000  # characters


def split(stops: Iterable[str]) -> tuple[list[str], list[str]]:
    """What goes upstream, and what is left to cut here."""
    told = [stop for stop in stops if stop]
    sent, further = told[:UPSTREAM_LIMIT], told[UPSTREAM_LIMIT:]
    if len(further) > MOST or max(map(len, further), default=0) > LONGEST:
        raise InvalidRequest(
            f"there may be {UPSTREAM_LIMIT} stop sequences, and {MOST} more of at most "
            f"{LONGEST} characters"
        )
    return sent, further


def cut(
    batches: Iterable[Sequence[Chunk]], stops: Sequence[str], close: Callable[[], Any]
) -> Iterator[list[Chunk]]:
    """End a stream at the first stop in its text; `close` hears that reading ends."""
    text = Text(stops)
    for batch in batches:
        kept: list[Chunk] = []
        for chunk in batch:
            kept += text.pass_on(chunk)
            if text.is_cut:
                close()
                yield kept
                return
        if kept or not batch:
            yield kept


def cut_completion(completion: Chunk, stops: Sequence[str]) -> Chunk:
    """End a whole answer at the first stop in its text."""
    choice = completion.choices[0] if completion.choices else Choice()
    said = choice.message or Delta(content=choice.text)
    found = find(said.content or "", stops)
    if found is None:
        return completion
    shown = (said.content or "")[: found.place]
    message = Delta(content=shown, reasoning=said.reasoning)
    end = Choice(message=message, finish_reason="stop", stop_sequence=found.stop)
    return Chunk(
        choices=[end],
        usage=completion.usage,
        time_info=completion.time_info,
    )


class Found(NamedTuple):
    place: int
    stop: str


def find(text: str, stops: Iterable[str]) -> Found | None:
    """Which of the stops begins first, and where."""
    found = [Found(text.find(stop), stop) for stop in stops if stop in text]
    return min(found, default=None)


class Text:
    """The text of a stream, less the end of it that could begin a stop."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.stops = stops
        self.held = ""
        self.is_cut = False

    def pass_on(self, chunk: Chunk) -> list[Chunk]:
        """What of a chunk may be seen already, held text included."""
        choice = chunk.choices[0] if chunk.choices else Choice()
        delta = choice.delta or Delta(content=choice.text)
        self.held += delta.content or ""
        found = find(self.held, self.stops)
        if found is not None:
            self.is_cut = True
            end = Choice(delta=Delta(), finish_reason="stop", stop_sequence=found.stop)
            shown = self._show(found.place, choice)
            return [*shown, replace(chunk, choices=[end])]
        if choice.finish_reason or delta.tool_calls:
            rest = Delta(tool_calls=delta.tool_calls)
            last = Choice(delta=rest, finish_reason=choice.finish_reason)
            shown = self._show(len(self.held), choice)
            return [*shown, replace(chunk, choices=[last])]
        if not delta.content:
            return [chunk]
        return self._show(len(self.held) - self._open_end(), choice)

    def _show(self, end: int, choice: Choice) -> list[Chunk]:
        shown, self.held = self.held[:end], self.held[end:]
        reasoning = choice.delta.reasoning if choice.delta else None
        if not (shown or reasoning or choice.logprobs):
            return []
        delta = Delta(content=shown, reasoning=reasoning)
        return [Chunk(choices=[Choice(delta=delta, logprobs=choice.logprobs)])]

    def _open_end(self) -> int:
        """The length of the longest end that is the beginning of a stop."""
        longest = max(map(len, self.stops)) - 1
        for length in range(min(longest, len(self.held)), 0, -1):
            if any(stop.startswith(self.held[-length:]) for stop in self.stops):
                return length
        return 0
