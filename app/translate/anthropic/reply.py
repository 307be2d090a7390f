"""A reply of `/v1/messages`, as events or folded into one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from app.translate.anthropic.blocks import TEXT, THINKING, TOOL_USE, Blocks
from app.translate.anthropic.dialect import PING
from app.translate.dialect import Event, ReplyContext
from app.translate.reading import CONTENT, REASONING, Reading, Run, text_of
from app.wire.completion import Chunk

STOP_REASONS = {"length": "max_tokens", "content_filter": "refusal"}
BLOCKS = {CONTENT: TEXT, REASONING: THINKING}


class Reply:
    """One reply under way."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._id = "msg_" + "".join(context.new_id() for _ in range(3))
        self._blocks = Blocks()
        self._reading = Reading(context)

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """The reply's events, one list per read; nothing follows the end."""
        told = self._reading.stream(
            batches, self._events, self._last_events, lambda: PING
        )
        first = next(told)
        first.insert(0, self._start())
        yield first
        yield from told

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one message."""
        runs = [run for batch in batches for run in self._reading.read(batch)]
        texts = [
            {"type": BLOCKS[kind], BLOCKS[kind]: text_of(kind, alike)}
            for kind, alike in groupby(runs, attrgetter("kind"))
        ]
        calls = self._tool_uses()
        return self._message([*texts, *calls], self._end(calls), self._usage())

    def _start(self) -> dict[str, Any]:
        """What the prompt costs is an estimate here; the end tells the true count."""
        usage = {
            "input_tokens": self._reading.meter.prompt_tokens(),
            "output_tokens": 0,
        }
        end = {"stop_reason": None, "stop_sequence": None}
        return {"type": "message_start", "message": self._message([], end, usage)}

    def _message(
        self, content: list[Any], end: dict[str, Any], usage: dict[str, int]
    ) -> dict[str, Any]:
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._context.name,
            "content": content,
            **end,
            "usage": usage,
        }

    def _events(self, runs: list[Run]) -> list[Event]:
        events: list[Event] = []
        for run in runs:
            events += self._blocks.say(BLOCKS[run.kind], run.texts)
        return events

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

    def _tool_uses(self) -> list[dict[str, Any]]:
        return [
            {
                "type": TOOL_USE,
                "id": call.id,
                "name": call.name,
                "input": call.arguments,
            }
            for call in self._reading.tool_calls()
        ]

    def _end(self, calls: Sequence[Any]) -> dict[str, str | None]:
        """Calls go before every other reason, as in Ollama."""
        if calls:
            return {"stop_reason": TOOL_USE, "stop_sequence": None}
        if stop := self._reading.stop_sequence:
            return {"stop_reason": "stop_sequence", "stop_sequence": stop}
        reason = STOP_REASONS.get(self._reading.finish_reason or "", "end_turn")
        return {"stop_reason": reason, "stop_sequence": None}

    def _usage(self) -> dict[str, int]:
        return {
            "input_tokens": self._reading.meter.prompt_tokens(),
            "output_tokens": self._reading.meter.completion_tokens(),
        }
