"""Replies of `/api/chat` and `/api/generate`, whole or as a stream of lines.

The endpoints differ only in their `LineFormat`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from app.translate.dialect import (
    NS_PER_S,
    Event,
    ReplyContext,
    frame_around,
    frame_texts,
)
from app.translate.ollama.context import encode_context
from app.translate.reply_writer import (
    CONTENT,
    REASONING,
    ReplyWriter,
    TextRun,
    joined_text,
)
from app.wire import json_codec
from app.wire.completion import Chunk

DONE_REASONS = {"length": "length"}  # Ollama's clients know all others as "stop"
NOT_DONE: Mapping[str, Any] = {"done": False}


@dataclass(frozen=True)
class Line:
    """The contents of one line; an endpoint's `LineFormat` makes it JSON."""

    content: str = ""
    thinking: str = ""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    logprobs: Sequence[Mapping[str, Any]] = ()
    state: Mapping[str, Any] = field(default_factory=lambda: NOT_DONE)
    context: Sequence[int] = ()
    measures: Mapping[str, int] = field(default_factory=dict)


class LineFormat:
    """How an endpoint writes a line as JSON.

    `fields` returns all fields of a line but the first, which every endpoint shares.
    `frames` maps each kind of text to the bytes between `created_at` and the text, and
    to those after it. They are made with `fields`, so both ways give the same line.
    """

    def __init__(self, fields: Callable[[Line], dict[str, Any]]) -> None:
        self.fields = fields
        self.frames = {kind: self._frame(kind) for kind in (CONTENT, REASONING)}

    def _frame(self, kind: str) -> tuple[bytes, bytes]:
        head, tail = frame_around(
            json_codec.encode_line, lambda text: self.fields(text_line(kind, text))
        )
        return b'",' + head.removeprefix(b"{"), tail


def text_line(kind: str, text: str, logprobs: Sequence[Mapping[str, Any]] = ()) -> Line:
    """Return a line with a text of one kind."""
    if kind == REASONING:
        return Line(thinking=text, logprobs=logprobs)
    return Line(content=text, logprobs=logprobs)


def with_header(context: ReplyContext, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of a reply: the model and the time, then its fields."""
    header = {"model": context.name, **context.remote}
    return {**header, "created_at": render_time(context.clock()), **fields}


class LineWriter(ReplyWriter):
    """Writes one reply as lines.

    `history` is the conversation so far. With it, the last line gets a `context`, which
    carries the conversation on to the client's next request.
    """

    def __init__(
        self,
        line_format: LineFormat,
        context: ReplyContext,
        history: Sequence[Mapping[str, str]] | None = None,
    ) -> None:
        super().__init__(context)
        self._format = line_format
        self._history = history
        self._texts: list[str] = []  # of the content, if there is a history
        header = json_codec.encode({"model": context.name, **context.remote})
        self._start = header.removesuffix(b"}") + b',"created_at":"'

    def whole(self, completion: Chunk) -> dict[str, Any]:
        runs = self._reader.read([completion])
        content = joined_text(runs, CONTENT)
        self._texts.append(content)
        line = self._last_line(
            content=content,
            thinking=joined_text(runs, REASONING),
            tool_calls=self._tool_calls(),
            logprobs=[entry for run in runs for entry in logprob_entries(run.logprobs)],
        )
        return self._object(line)

    def _keep_alive(self) -> Event:
        return self._object(Line())  # clients cannot read a blank line

    def _text_events(self, run: TextRun) -> list[Event]:
        if self._history is not None and run.kind == CONTENT:
            self._texts += run.texts
        if run.logprobs:
            entries = logprob_entries(run.logprobs)
            return [self._object(text_line(run.kind, run.texts[0], entries))]
        head, tail = self._format.frames[run.kind]
        stamped = self._start + render_time(self._reader.now_ns).encode()
        return [frame_texts(stamped + head, run.texts, tail)]

    def _last_events(self) -> list[Event]:
        calls = self._tool_calls()
        lines = [Line(tool_calls=calls)] if calls else []
        return [self._object(line) for line in (*lines, self._last_line())]

    def _last_line(self, **contents: Any) -> Line:
        reason = DONE_REASONS.get(self._reader.finish_reason or "", "stop")
        return Line(
            **contents,
            state={"done": True, "done_reason": reason},
            context=self._next_context(),
            measures=self._measures(),
        )

    def _object(self, line: Line) -> dict[str, Any]:
        return with_header(self._context, self._format.fields(line))

    def _next_context(self) -> Sequence[int]:
        if self._history is None:
            return ()
        answer = {"role": "assistant", "content": "".join(self._texts)}
        return encode_context([*self._history, answer])

    def _tool_calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": call.id,
                "function": {
                    "index": index,
                    "name": call.name,
                    "arguments": call.arguments,
                },
            }
            for index, call in enumerate(self._reader.tool_calls())
        ]

    def _measures(self) -> dict[str, int]:
        meter = self._reader.meter
        durations = meter.durations(self._context.clock())
        return {
            "total_duration": durations.total,
            "load_duration": durations.load,
            "prompt_eval_count": meter.prompt_tokens(),
            "prompt_eval_duration": durations.prompt_eval,
            "eval_count": meter.completion_tokens(),
            "eval_duration": durations.eval,
        }


def render_time(ns: int) -> str:
    """Return a time as Go prints it: RFC 3339 in UTC, without trailing zeros."""
    seconds, rest = divmod(ns, NS_PER_S)
    if not rest:
        return _render_seconds(seconds) + "Z"
    decimals = str(NS_PER_S + rest)[1:]  # twice as fast as padding with zeros
    return f"{_render_seconds(seconds)}.{decimals.rstrip('0')}Z"


@lru_cache
def _render_seconds(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def logprob_entries(logprobs: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return an entry per token: `token`, `logprob`, `bytes`, and `top_logprobs`.

    The upstream's logprobs are a list of entries for chat, and parallel lists for a
    raw prompt.
    """
    if not logprobs:
        return []
    tokens = logprobs.get("content") or _entries_of_lists(logprobs)
    return [_logprob_entry(token) for token in tokens]


def _logprob_entry(token: Mapping[str, Any]) -> dict[str, Any]:
    entry = _token_logprob(token)
    if top := token.get("top_logprobs"):
        ordered = sorted(top, key=lambda other: -other["logprob"])
        entry["top_logprobs"] = [_token_logprob(other) for other in ordered]
    return entry


def _token_logprob(token: Mapping[str, Any]) -> dict[str, Any]:
    text = token["token"]
    encoded = token.get("bytes") or list(text.encode())
    entry = {"token": text, "logprob": token["logprob"]}
    return {**entry, "bytes": encoded} if encoded else entry


def _entries_of_lists(logprobs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    tokens = logprobs.get("tokens") or []
    values = logprobs.get("token_logprobs") or []
    tops = logprobs.get("top_logprobs") or [None] * len(tokens)
    for token, value, top in zip(tokens, values, tops, strict=False):
        if value is not None:  # the first token of an echoed prompt has no logprob
            others = [
                {"token": other, "logprob": logprob}
                for other, logprob in (top or {}).items()
            ]
            yield {"token": token, "logprob": value, "top_logprobs": others}
