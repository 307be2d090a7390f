"""Replies of `/v1/chat/completions`, whole or as a stream of chunks."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from app.translate.dialect import Event, ReplyContext, frame_around, frame_texts
from app.translate.messages import function
from app.translate.openai.dialect import (
    DONE,
    KEEP_ALIVE,
    frame_event,
    logprob_entries,
    reply_head,
    wants_usage,
)
from app.translate.reply_writer import (
    CONTENT,
    REASONING,
    DeltaReader,
    ReplyWriter,
    TextRun,
    joined_text,
)
from app.wire import json_codec
from app.wire.completion import Chunk
from app.wire.json_codec import without_empty

ID_PREFIX = "chatcmpl-"
ROLE = {"role": "assistant"}


class ChatWriter(ReplyWriter):
    """Writes one reply, as one object or as chunks."""

    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        self._id = context.reply_id(ID_PREFIX)
        self._head = reply_head(context, self._id, "chat.completion.chunk")
        self._include_usage = wants_usage(context.body)
        self._is_open = False  # the first delta has been written
        self._frames: dict[str, tuple[bytes, bytes]] = {}

    def whole(self, completion: Chunk) -> dict[str, Any]:
        runs = self._reader.read([completion])
        calls = _tool_calls(self._reader)
        entries = [entry for run in runs for entry in logprob_entries(run)]
        message = {
            **ROLE,
            "content": joined_text(runs, CONTENT),
            **without_empty(reasoning=joined_text(runs, REASONING), tool_calls=calls),
        }
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": _finish_reason(self._reader, calls),
            **({"logprobs": {"content": entries}} if entries else {}),
        }
        head = reply_head(self._context, self._id, "chat.completion")
        return {**head, "choices": [choice], "usage": self._reader.usage()}

    def _keep_alive(self) -> Event:
        return KEEP_ALIVE

    def _text_events(self, run: TextRun) -> list[Event]:
        kind, texts = run.kind, run.texts
        if run.logprobs:
            return [self._text_chunk(kind, texts[0], run.logprobs)]
        if self._is_open:
            return [self._framed(kind, texts)]
        first = self._text_chunk(kind, texts[0])
        return [first, self._framed(kind, texts[1:])] if texts[1:] else [first]

    def _framed(self, kind: str, texts: Sequence[str]) -> bytes:
        """Return chunks of texts as bytes, without making an object for each text."""
        if kind not in self._frames:
            build = partial(self._text_chunk, kind)
            self._frames[kind] = frame_around(frame_event, build)
        head, tail = self._frames[kind]
        return frame_texts(head, texts, tail)

    def _text_chunk(
        self, kind: str, text: str, logprobs: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return a chunk with a text; every delta has a `content`."""
        chunk = self._delta_chunk({"content": ""} | {kind: text})
        if logprobs:
            chunk["choices"][0]["logprobs"] = logprobs
        return chunk

    def _delta_chunk(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        """Return a chunk; only the first has the role, since SDKs join the roles."""
        if not self._is_open:
            self._is_open = True
            delta = {**ROLE, **delta}
        return self._chunk(delta, None)

    def _chunk(
        self, delta: Mapping[str, Any], finish_reason: str | None
    ) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return {**self._head, "choices": [choice]}

    def _last_events(self) -> list[Event]:
        calls = _tool_calls(self._reader)
        events: list[Event] = []
        if calls:
            events.append(self._delta_chunk({"content": "", "tool_calls": calls}))
        elif not self._is_open:
            events.append(self._text_chunk(CONTENT, ""))
        events.append(self._chunk({}, _finish_reason(self._reader, calls)))
        if self._include_usage:
            usage = self._reader.usage()
            events.append({**self._head, "choices": [], "usage": usage})
        return [*events, DONE]


def _tool_calls(reader: DeltaReader) -> list[dict[str, Any]]:
    return [
        {
            "id": call.id,
            "index": index,
            **function(call.name, arguments=json_codec.encode(call.arguments).decode()),
        }
        for index, call in enumerate(reader.tool_calls())
    ]


def _finish_reason(reader: DeltaReader, calls: Sequence[Any]) -> str:
    """Return "tool_calls" if there are any, unless the reply ended early."""
    reason = reader.finish_reason or "stop"
    if reason in ("stop", "tool_calls"):
        return "tool_calls" if calls else "stop"
    return reason
