"""A reply of `/v1/chat/completions`, as chunks or folded into one object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from app.translate.deltas import Meter, ToolCalls, choice_of, said
from app.translate.dialect import Event, Exchange
from app.translate.openai.chunks import COMPLETION, ROLE, Chunks
from app.translate.openai.dialect import DONE, KEEP_ALIVE
from app.wire import json
from app.wire.completion import Choice, Chunk

CONTENT, REASONING = "content", "reasoning"


class Piece(NamedTuple):
    """What one chunk adds to one of the reply's texts."""

    kind: str
    text: str
    logprobs: Mapping[str, Any] | None = None


class Reply:
    """One reply under way."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._chunks = Chunks(exchange)
        self._meter = Meter(exchange)
        self._calls = ToolCalls()
        self._finish_reason: str | None = None

    def stream(
        self, batches: Iterable[Sequence[Chunk]], include_usage: bool
    ) -> Iterator[list[Event]]:
        """The reply's chunks, one list per read; nothing follows the end."""
        ended = False
        for batch in batches:
            if ended:
                continue
            events = self._events(batch)
            ended = self._finish_reason is not None and self._meter.is_complete
            yield events + self._last_events(include_usage) if ended else events
        if not ended:
            yield self._last_events(include_usage)

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one object."""
        pieces = [piece for batch in batches for piece in self._read(batch)]
        thought = _text(REASONING, pieces)
        calls = self._tool_calls()
        entries = [entry for piece in pieces for entry in _entries(piece)]
        message = {
            **ROLE,
            "content": _text(CONTENT, pieces),
            **({"reasoning": thought} if thought else {}),
            **({"tool_calls": calls} if calls else {}),
        }
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": self._reason(calls),
            **({"logprobs": {"content": entries}} if entries else {}),
        }
        head = self._chunks.head(COMPLETION)
        return {**head, "choices": [choice], "usage": self._usage()}

    def _events(self, batch: Sequence[Chunk]) -> list[Event]:
        if not batch:
            return [KEEP_ALIVE]
        pieces = self._read(batch)
        if any(piece.logprobs for piece in pieces):
            return [self._chunks.say(*piece) for piece in pieces]
        opening = [] if self._chunks.is_open else pieces[:1]
        return [
            *(self._chunks.say(*piece) for piece in opening),
            *(
                self._chunks.run(kind, [piece.text for piece in run])
                for kind, run in groupby(pieces[len(opening) :], attrgetter("kind"))
            ),
        ]

    def _last_events(self, include_usage: bool) -> list[Event]:
        calls = self._tool_calls()
        events: list[Event] = []
        if calls:
            events.append(self._chunks.add({"content": "", "tool_calls": calls}))
        elif not self._chunks.is_open:
            events.append(self._chunks.say(CONTENT, ""))
        events.append(self._chunks.finish(self._reason(calls)))
        if include_usage:
            events.append(self._chunks.cost(self._usage()))
        return [*events, DONE]

    def _read(self, batch: Sequence[Chunk]) -> list[Piece]:
        """What one read says, in order; all else it brings is kept for the end."""
        pieces: list[Piece] = []
        for chunk in batch:
            if choice := choice_of(chunk):
                self._finish_reason = choice.finish_reason or self._finish_reason
                pieces += self._pieces(choice)
        self._meter.read(batch, len(pieces), self._exchange.clock())
        return pieces

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

    def _tool_calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": call.id or f"call_{self._exchange.new_id()}",
                "index": index,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": json.encode(call.arguments).decode(),
                },
            }
            for index, call in enumerate(self._calls.whole(self._finish_reason))
        ]

    def _reason(self, calls: Sequence[Any]) -> str:
        """Calls show in the reason, unless the answer ended for another."""
        reason = self._finish_reason or "stop"
        if reason in ("stop", "tool_calls"):
            return "tool_calls" if calls else "stop"
        return reason

    def _usage(self) -> dict[str, int]:
        prompt = self._meter.prompt_tokens()
        completion = self._meter.completion_tokens()
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }


def _text(kind: str, pieces: Iterable[Piece]) -> str:
    return "".join([piece.text for piece in pieces if piece.kind == kind])


def _entries(piece: Piece) -> Sequence[Any]:
    return (piece.logprobs or {}).get("content") or ()
