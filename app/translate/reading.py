"""What the upstream says, read for the replies of several dialects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.translate.deltas import Meter, ToolCalls, WholeCall, choice_of, said
from app.translate.dialect import Event, Exchange
from app.wire.completion import Choice, Chunk

CONTENT, REASONING = "content", "reasoning"


class Piece(NamedTuple):
    """What one chunk adds to one of the reply's texts."""

    kind: str
    text: str
    logprobs: Mapping[str, Any] | None = None


class Reading:
    """An answer that is being read; what it calls and costs is known at its end.

    `silence` is the dialect's event for an upstream that says nothing.
    """

    def __init__(self, exchange: Exchange, silence: Event) -> None:
        self.meter = Meter(exchange)
        self.finish_reason: str | None = None
        self.stop_sequence: str | None = None
        self._silence = silence
        self._exchange = exchange
        self._calls = ToolCalls()

    def stream(
        self,
        batches: Iterable[Sequence[Chunk]],
        say: Callable[[list[Piece]], list[Event]],
        end: Callable[[], list[Event]],
    ) -> Iterator[list[Event]]:
        """The events of each read, then those of the end; nothing follows the end."""
        ended = False
        for batch in batches:
            if ended:
                continue
            pieces = self.read(batch)
            events = [self._silence] if self.meter.is_silent else say(pieces)
            ended = self.finish_reason is not None and self.meter.is_complete
            yield events + end() if ended else events
        if not ended:
            yield end()

    def read(self, batch: Sequence[Chunk]) -> list[Piece]:
        """What one read says, in order; all else it brings is kept for the end."""
        pieces: list[Piece] = []
        for chunk in batch:
            if choice := choice_of(chunk):
                self.finish_reason = choice.finish_reason or self.finish_reason
                self.stop_sequence = choice.stop_sequence or self.stop_sequence
                pieces += self._pieces(choice)
        self.meter.read(batch, len(pieces), self._exchange.clock())
        return pieces

    def tool_calls(self) -> list[WholeCall]:
        """All calls, each with an id."""
        return [
            call if call.id else call._replace(id=f"call_{self._exchange.new_id()}")
            for call in self._calls.whole(self.finish_reason)
        ]

    def usage(self) -> dict[str, int]:
        prompt, completion = self.meter.prompt_tokens(), self.meter.completion_tokens()
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    def _pieces(self, choice: Choice) -> list[Piece]:
        delta = said(choice)
        pieces: list[Piece] = []
        if delta.tool_calls:
            self._calls.add(delta.tool_calls)
        if delta.reasoning and self._exchange.thinking:
            pieces.append(Piece(REASONING, delta.reasoning))
        if delta.content or (choice.logprobs and not delta.reasoning):
            pieces.append(Piece(CONTENT, delta.content or "", choice.logprobs))
        return pieces
