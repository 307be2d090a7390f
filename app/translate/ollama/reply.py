"""A native reply, as lines or folded into one object; chat and generate share it.

An endpoint says how a line is spelt; everything else about a reply is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from app.translate import dialect
from app.translate.deltas import Meter, ToolCalls, choice_of, said
from app.translate.dialect import Event, Exchange
from app.translate.ollama.lines import CONTENT, THINKING, Form, Line, answer, line_of
from app.translate.ollama.logprobs import entries
from app.translate.ollama.times import render_time
from app.wire import json
from app.wire.completion import Choice, Chunk

DONE_REASONS = {"length": "length"}  # all others are "stop" to Ollama's clients

Piece = tuple[str, str, Sequence[dict[str, Any]]]  # kind, text, logprobs


class Reply:
    """One reply under way; `remember` turns its whole text into `context`."""

    def __init__(
        self,
        form: Form,
        exchange: Exchange,
        remember: Callable[[str], list[int]] | None = None,
    ) -> None:
        self._form = form
        self._exchange = exchange
        self._remember = remember
        self._meter = Meter(exchange)
        self._calls = ToolCalls()
        self._finish_reason: str | None = None
        self._texts: list[str] = []
        named = json.encode({"model": exchange.name, **exchange.remote})
        self._head = named.removesuffix(b"}") + b',"created_at":"'

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """The reply's lines, one list per read; nothing follows the last line."""
        ended = False
        for batch in batches:
            if ended:
                continue
            events = self._lines(batch)
            ended = self._finish_reason is not None and self._meter.is_complete
            yield events + self._last_lines() if ended else events
        if not ended:
            yield self._last_lines()

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one object."""
        pieces = [piece for batch in batches for piece in self._read(batch)]
        return self._spell(
            self._final(
                content="".join(text for kind, text, _ in pieces if kind == CONTENT),
                thinking="".join(text for kind, text, _ in pieces if kind == THINKING),
                tool_calls=self._tool_calls(),
                logprobs=[entry for *_, logprobs in pieces for entry in logprobs],
            )
        )

    def _lines(self, batch: Sequence[Chunk]) -> list[Event]:
        pieces = self._read(batch)
        if self._meter.is_silent:  # a blank line would break clients
            return [self._spell(Line())]
        if any(logprobs for *_, logprobs in pieces):
            return [self._spell(line_of(*piece)) for piece in pieces]
        stamp = render_time(self._exchange.clock()).encode()
        return [
            self._run(kind, stamp, [text for _, text, _ in run])
            for kind, run in groupby(pieces, itemgetter(0))
        ]

    def _last_lines(self) -> list[Event]:
        calls = self._tool_calls()
        called = [Line(tool_calls=calls)] if calls else []
        return [self._spell(line) for line in (*called, self._final())]

    def _read(self, batch: Sequence[Chunk]) -> list[Piece]:
        """What one read says, in order; all else it brings is kept for the end."""
        pieces: list[Piece] = []
        for chunk in batch:
            if choice := choice_of(chunk):
                self._finish_reason = choice.finish_reason or self._finish_reason
                pieces += self._pieces(choice)
        self._meter.read(batch, len(pieces), self._exchange.clock())
        if self._remember:
            self._texts += [text for kind, text, _ in pieces if kind == CONTENT]
        return pieces

    def _pieces(self, choice: Choice) -> list[Piece]:
        delta = said(choice)
        pieces: list[Piece] = []
        if delta.tool_calls:
            self._calls.add(delta.tool_calls)
        if delta.reasoning and self._exchange.thinking:
            pieces.append((THINKING, delta.reasoning, ()))
        if delta.content or (choice.logprobs and not delta.reasoning):
            pieces.append((CONTENT, delta.content or "", entries(choice.logprobs)))
        return pieces

    def _run(self, kind: str, stamp: bytes, texts: Sequence[str]) -> bytes:
        """A run of texts, one line each, without building an object for any."""
        head, tail = self._form.frames[kind]
        return dialect.run(self._head + stamp + head, texts, tail)

    def _spell(self, line: Line) -> dict[str, Any]:
        return answer(self._exchange, self._form.spell(line))

    def _tool_calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": call.id or f"call_{self._exchange.new_id()}",
                "function": {
                    "index": index,
                    "name": call.name,
                    "arguments": call.arguments,
                },
            }
            for index, call in enumerate(self._calls.whole(self._finish_reason))
        ]

    def _final(self, **whole: Any) -> Line:
        reason = DONE_REASONS.get(self._finish_reason or "", "stop")
        return Line(
            **whole,
            state={"done": True, "done_reason": reason},
            context=self._remember("".join(self._texts)) if self._remember else (),
            measures=self._measures(),
        )

    def _measures(self) -> dict[str, int]:
        durations = self._meter.durations(self._exchange.clock())
        return {
            "total_duration": durations.total,
            "load_duration": durations.load,
            "prompt_eval_count": self._meter.prompt_tokens(),
            "prompt_eval_duration": durations.prompt_eval,
            "eval_count": self._meter.completion_tokens(),
            "eval_duration": durations.eval,
        }
