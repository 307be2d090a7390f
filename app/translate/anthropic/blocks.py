"""The content of a reply as blocks: at most one is open, and none opens twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.translate import dialect
from app.translate.anthropic.dialect import encode
from app.translate.dialect import Event
from app.wire import json_codec

TEXT, THINKING, TOOL_USE = "text", "thinking", "tool_use"

Block = Mapping[str, Any]


class Blocks:
    """Tells a stream's blocks one after the other."""

    def __init__(self) -> None:
        self._open: Block | None = None
        self._index = -1
        self._frame = (b"", b"")  # of a delta of the open block

    def say(self, kind: str, texts: Sequence[str]) -> list[Event]:
        """Add to a text, without an object for any delta."""
        events: list[Event] = []
        if self._open is None or self._open["type"] != kind:
            events += self.turn_to({"type": kind, kind: ""})
            self._frame = self._frame_of(kind)
        head, tail = self._frame
        return [*events, dialect.frame_texts(head, texts, tail)]

    def call(self, block: Block) -> list[Event]:
        """Tell a whole tool call; its input comes in one delta."""
        told = json_codec.encode(block["input"]).decode()
        return [
            *self.turn_to({**block, "input": {}}),
            self._delta({"type": "input_json_delta", "partial_json": told}),
        ]

    def turn_to(self, block: Block | None) -> list[Event]:
        """Close the open block, if there is one, and open the next, if there is one."""
        events: list[Event] = []
        if self._open is not None:
            events.append({"type": "content_block_stop", "index": self._index})
        self._open = block
        if block is not None:
            self._index += 1
            start = {"index": self._index, "content_block": block}
            events.append({"type": "content_block_start", **start})
        return events

    def _delta(self, delta: Mapping[str, str]) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}

    def _frame_of(self, kind: str) -> tuple[bytes, bytes]:
        def delta(text: str) -> dict[str, Any]:
            return self._delta({"type": f"{kind}_delta", kind: text})

        return dialect.frame_around(encode, delta)
