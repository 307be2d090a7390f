"""A native reply, as lines or folded into one object; chat and generate share it.

An endpoint says how a line is spelt; everything else about a reply is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from app.translate import dialect
from app.translate.dialect import Event, ReplyContext
from app.translate.ollama.lines import Form, Line, answer, line_of
from app.translate.ollama.logprobs import entries
from app.translate.ollama.times import render_time
from app.translate.reading import CONTENT, REASONING, Reading, Run, text_of
from app.wire import json_codec
from app.wire.completion import Chunk

DONE_REASONS = {"length": "length"}  # all others are "stop" to Ollama's clients


class Reply:
    """One reply under way; `remember` turns its whole text into `context`."""

    def __init__(
        self,
        form: Form,
        context: ReplyContext,
        remember: Callable[[str], list[int]] | None = None,
    ) -> None:
        self._form = form
        self._context = context
        self._remember = remember
        self._reading = Reading(context)
        self._texts: list[str] = []
        named = json_codec.encode({"model": context.name, **context.remote})
        self._head = named.removesuffix(b"}") + b',"created_at":"'

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """The reply's lines, one list per read; nothing follows the last line."""
        return self._reading.stream(
            batches, self._lines, self._last_lines, self._silence
        )

    def fold(self, batches: Iterable[Sequence[Chunk]]) -> dict[str, Any]:
        """The reply as one object."""
        runs = [run for batch in batches for run in self._reading.read(batch)]
        said = text_of(CONTENT, runs)
        self._texts.append(said)
        return self._spell(
            self._final(
                content=said,
                thinking=text_of(REASONING, runs),
                tool_calls=self._tool_calls(),
                logprobs=[entry for run in runs for entry in entries(run.logprobs)],
            )
        )

    def _lines(self, runs: list[Run]) -> list[Event]:
        if self._remember:
            self._texts.append(text_of(CONTENT, runs))
        stamped = self._head + render_time(self._reading.now_ns).encode()
        lines: list[Event] = []
        for run in runs:
            if run.logprobs:
                line = line_of(run.kind, run.texts[0], entries(run.logprobs))
                lines.append(self._spell(line))
            else:  # one line for each text, without building an object for any
                head, tail = self._form.frames[run.kind]
                lines.append(dialect.frame_texts(stamped + head, run.texts, tail))
        return lines

    def _last_lines(self) -> list[Event]:
        calls = self._tool_calls()
        called = [Line(tool_calls=calls)] if calls else []
        return [self._spell(line) for line in (*called, self._final())]

    def _silence(self) -> Event:
        """A blank line would break clients."""
        return self._spell(Line())

    def _spell(self, line: Line) -> dict[str, Any]:
        return answer(self._context, self._form.spell(line))

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
            for index, call in enumerate(self._reading.tool_calls())
        ]

    def _final(self, **whole: Any) -> Line:
        reason = DONE_REASONS.get(self._reading.finish_reason or "", "stop")
        return Line(
            **whole,
            state={"done": True, "done_reason": reason},
            context=self._remember("".join(self._texts)) if self._remember else (),
            measures=self._measures(),
        )

    def _measures(self) -> dict[str, int]:
        meter = self._reading.meter
        durations = meter.durations(self._context.clock())
        return {
            "total_duration": durations.total,
            "load_duration": durations.load,
            "prompt_eval_count": meter.prompt_tokens(),
            "prompt_eval_duration": durations.prompt_eval,
            "eval_count": meter.completion_tokens(),
            "eval_duration": durations.eval,
        }
