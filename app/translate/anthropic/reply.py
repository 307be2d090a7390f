"""Write a reply of `/v1/messages`: the events of a stream, or one message.

The content of a message is a list of blocks. A stream sends them one after the other:
each is started, grows and is stopped before the next.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from app.translate.anthropic.dialect import FAMILY, PING
from app.translate.dialect import Event, ReplyContext, frame_around, frame_texts
from app.translate.reply_writer import (
    CONTENT,
    REASONING,
    ReplyWriter,
    TextRun,
    joined_text,
)
from app.wire import json_codec
from app.wire.completion import Chunk

TOOL_USE = "tool_use"
BLOCK_TYPES = {CONTENT: "text", REASONING: "thinking"}
STOP_REASONS = {"length": "max_tokens", "content_filter": "refusal"}

Block = Mapping[str, Any]


class MessageWriter(ReplyWriter):
    """Writes one reply as a message."""

    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        self._id = context.reply_id("msg_")
        self._blocks = BlockStream()

    def whole(self, completion: Chunk) -> dict[str, Any]:
        runs = self._reader.read([completion])
        texts = [
            {"type": BLOCK_TYPES[kind], BLOCK_TYPES[kind]: joined_text(group, kind)}
            for kind, group in groupby(runs, attrgetter("kind"))
        ]
        calls = self._tool_uses()
        return self._message([*texts, *calls], self._stop_fields(calls), self._usage())

    def _keep_alive(self) -> Event:
        return PING

    def _text_events(self, run: TextRun) -> list[Event]:
        return self._blocks.add_texts(BLOCK_TYPES[run.kind], run.texts)

    def _first_events(self) -> list[Event]:
        """Return the start of the message, whose prompt tokens are an estimate."""
        stop_fields = {"stop_reason": None, "stop_sequence": None}
        message = self._message([], stop_fields, self._usage() | {"output_tokens": 0})
        return [{"type": "message_start", "message": message}]

    def _message(
        self, content: list[Any], stop_fields: dict[str, Any], usage: dict[str, int]
    ) -> dict[str, Any]:
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._context.name,
            "content": content,
            **stop_fields,
            "usage": usage,
        }

    def _last_events(self) -> list[Event]:
        calls = self._tool_uses()
        return [
            *(event for call in calls for event in self._blocks.add_call(call)),
            *self._blocks.stop(),
            {
                "type": "message_delta",
                "delta": self._stop_fields(calls),
                "usage": self._usage(),
            },
            {"type": "message_stop"},
        ]

    def _tool_uses(self) -> list[dict[str, Any]]:
        return [
            {"type": TOOL_USE, "id": id, "name": name, "input": arguments}
            for id, name, arguments in self._reader.tool_calls()
        ]

    def _stop_fields(self, calls: Sequence[Any]) -> dict[str, str | None]:
        """Return why the message ended; as in Ollama, calls come before all else."""
        if calls:
            return {"stop_reason": TOOL_USE, "stop_sequence": None}
        if stop := self._reader.stop_sequence:
            return {"stop_reason": "stop_sequence", "stop_sequence": stop}
        reason = STOP_REASONS.get(self._reader.finish_reason or "", "end_turn")
        return {"stop_reason": reason, "stop_sequence": None}

    def _usage(self) -> dict[str, int]:
        return {
            "input_tokens": self._reader.meter.prompt_tokens(),
            "output_tokens": self._reader.meter.completion_tokens(),
        }


class BlockStream:
    """Makes the events about the blocks of one message."""

    def __init__(self) -> None:
        self._open: Block | None = None
        self._index = -1
        self._frame = (b"", b"")  # the bytes around the text of an open block's delta

    def add_texts(self, kind: str, texts: Sequence[str]) -> list[Event]:
        """Add to the open block if it is of this kind, else to a new one.

        All deltas are framed at once.
        """
        events: list[Event] = []
        if self._open is None or self._open["type"] != kind:
            events += self._start({"type": kind, kind: ""})
            self._frame = frame_around(
                FAMILY.frame,
                lambda text: self._delta({"type": f"{kind}_delta", kind: text}),
            )
        head, tail = self._frame
        return [*events, frame_texts(head, texts, tail)]

    def add_call(self, block: Block) -> list[Event]:
        """Add a whole tool call, with its input in one delta."""
        arguments = json_codec.encode(block["input"]).decode()
        return [
            *self._start({**block, "input": {}}),
            self._delta({"type": "input_json_delta", "partial_json": arguments}),
        ]

    def stop(self) -> list[Event]:
        """Stop the open block, if there is one."""
        if self._open is None:
            return []
        self._open = None
        return [{"type": "content_block_stop", "index": self._index}]

    def _start(self, block: Block) -> list[Event]:
        events = self.stop()
        self._open = block
        self._index += 1
        fields = {"index": self._index, "content_block": block}
        return [*events, {"type": "content_block_start", **fields}]

    def _delta(self, delta: Mapping[str, str]) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}
