"""A reply of `/v1/chat/completions`, as chunks or folded into one object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from app.translate.dialect import Event, ReplyContext
from app.translate.openai.chunks import COMPLETION, ROLE, Chunks
from app.translate.openai.dialect import DONE, KEEP_ALIVE
from app.translate.reading import CONTENT, REASONING, Reading, Run, text_of
from app.wire import json_codec
from app.wire.completion import Chunk


class Reply:
    """One reply under way."""

    def __init__(self, context: ReplyContext) -> None:
        self._chunks = Chunks(context)
        self._reading = Reading(context)

    def stream(
        self, batches: Iterable[Sequence[Chunk]], include_usage: bool
    ) -> Iterator[list[Event]]:
        """The reply's chunks, one list per read."""
        end = partial(self._last_events, include_usage)
        return self._reading.stream(batches, self._events, end, lambda: KEEP_ALIVE)

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one object."""
        runs = [run for batch in batches for run in self._reading.read(batch)]
        thought = text_of(REASONING, runs)
        calls = self._tool_calls()
        entries = [entry for run in runs for entry in _entries(run)]
        message = {
            **ROLE,
            "content": text_of(CONTENT, runs),
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
        return {**head, "choices": [choice], "usage": self._reading.usage()}

    def _events(self, runs: list[Run]) -> list[Event]:
        events: list[Event] = []
        for run in runs:
            events += self._chunks.tell(run)
        return events

    def _last_events(self, include_usage: bool) -> list[Event]:
        calls = self._tool_calls()
        events: list[Event] = []
        if calls:
            events.append(self._chunks.add({"content": "", "tool_calls": calls}))
        elif not self._chunks.is_open:
            events.append(self._chunks.say(CONTENT, ""))
        events.append(self._chunks.finish(self._reason(calls)))
        if include_usage:
            events.append(self._chunks.cost(self._reading.usage()))
        return [*events, DONE]

    def _tool_calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": call.id,
                "index": index,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": json_codec.encode(call.arguments).decode(),
                },
            }
            for index, call in enumerate(self._reading.tool_calls())
        ]

    def _reason(self, calls: Sequence[Any]) -> str:
        """Calls show in the reason, unless the answer ended for another."""
        reason = self._reading.finish_reason or "stop"
        if reason in ("stop", "tool_calls"):
            return "tool_calls" if calls else "stop"
        return reason


def _entries(run: Run) -> Sequence[Any]:
    return (run.logprobs or {}).get("content") or ()
