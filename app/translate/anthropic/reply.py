"""A reply of `/v1/messages`, as events or folded into one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from app.translate.anthropic.blocks import TEXT, THINKING, TOOL_USE, Blocks
from app.translate.anthropic.dialect import PING
from app.translate.deltas import Meter, ToolCalls, choice_of, said
from app.translate.dialect import Event, Exchange
from app.wire.completion import Choice, Chunk

STOP_REASONS = {"length": "max_tokens", "content_filter": "refusal"}


class Piece(NamedTuple):
    """What one chunk adds to one of the reply's texts."""

    kind: str
    text: str


class Reply:
    """One reply under way."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._id = "msg_" + "".join(exchange.new_id() for _ in range(3))
        self._blocks = Blocks()
        self._meter = Meter(exchange)
        self._calls = ToolCalls()
        self._finish_reason: str | None = None
        self._stop_sequence: str | None = None

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """The reply's events, one list per read; nothing follows the end."""
        opening: list[Event] = [self._start()]
        ended = False
        for batch in batches:
            if ended:
                continue
            events = opening + self._events(batch)
            opening = []
            ended = self._finish_reason is not None and self._meter.is_complete
            yield events + self._last_events() if ended else events
        if not ended:
            yield opening + self._last_events()

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one message."""
        pieces = [piece for batch in batches for piece in self._read(batch)]
        texts = [
            {"type": kind, kind: "".join([piece.text for piece in run])}
            for kind, run in groupby(pieces, attrgetter("kind"))
        ]
        calls = self._tool_uses()
        return self._message([*texts, *calls], self._end(calls), self._usage())

    def _start(self) -> dict[str, Any]:
        """What the prompt costs is an estimate here; the end tells the true count."""
        usage = {"input_tokens": self._meter.prompt_tokens(), "output_tokens": 0}
        end = {"stop_reason": None, "stop_sequence": None}
        return {"type": "message_start", "message": self._message([], end, usage)}

    def _message(
        self, content: list[Any], end: dict[str, Any], usage: dict[str, int]
    ) -> dict[str, Any]:
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._exchange.name,
            "content": content,
            **end,
            "usage": usage,
        }

    def _events(self, batch: Sequence[Chunk]) -> list[Event]:
        if not batch:
            return [PING]
        return [
            event
            for kind, run in groupby(self._read(batch), attrgetter("kind"))
            for event in self._blocks.say(kind, [piece.text for piece in run])
        ]

    def _last_events(self) -> list[Event]:
        calls = self._tool_uses()
        return [
            *(event for call in calls for event in self._blocks.call(call)),
            *self._blocks.turn_to(None),
            {
                "type": "message_delta",
                "delta": self._end(calls),
                "usage": self._usage(),
            },
            {"type": "message_stop"},
        ]

    def _read(self, batch: Sequence[Chunk]) -> list[Piece]:
        """What one read says, in order; all else it brings is kept for the end."""
        pieces: list[Piece] = []
        for chunk in batch:
            if choice := choice_of(chunk):
                self._finish_reason = choice.finish_reason or self._finish_reason
                self._stop_sequence = choice.stop_sequence or self._stop_sequence
                pieces += self._pieces(choice)
        self._meter.read(batch, len(pieces), self._exchange.clock())
        return pieces

    def _pieces(self, choice: Choice) -> list[Piece]:
        delta = said(choice)
        pieces: list[Piece] = []
        if delta.tool_calls:
            self._calls.add(delta.tool_calls)
        if delta.reasoning and self._exchange.thinking:
            pieces.append(Piece(THINKING, delta.reasoning))
        if delta.content:
            pieces.append(Piece(TEXT, delta.content))
        return pieces

    def _tool_uses(self) -> list[dict[str, Any]]:
        return [
            {
                "type": TOOL_USE,
                "id": call.id or f"call_{self._exchange.new_id()}",
                "name": call.name,
                "input": call.arguments,
            }
            for call in self._calls.whole(self._finish_reason)
        ]

    def _end(self, calls: Sequence[Any]) -> dict[str, str | None]:
        """Calls go before every other reason, as in Ollama."""
        if calls:
            return {"stop_reason": TOOL_USE, "stop_sequence": None}
        if self._stop_sequence:
            end = {"stop_reason": "stop_sequence"}
            return {**end, "stop_sequence": self._stop_sequence}
        reason = STOP_REASONS.get(self._finish_reason or "", "end_turn")
        return {"stop_reason": reason, "stop_sequence": None}

    def _usage(self) -> dict[str, int]:
        return {
            "input_tokens": self._meter.prompt_tokens(),
            "output_tokens": self._meter.completion_tokens(),
        }
