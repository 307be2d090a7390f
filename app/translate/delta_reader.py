"""Reads the upstream's chunks for the replies of every dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from app.translate.deltas import Meter, ToolCalls, WholeCall, delta_of
from app.translate.dialect import ReplyContext
from app.wire.completion import Choice, Chunk, Delta

CONTENT, REASONING = "content", "reasoning"


class TextRun(Struct):
    """Consecutive texts of one kind; a text with logprobs has a run of its own."""

    kind: str  # CONTENT or REASONING
    texts: list[str]
    logprobs: Mapping[str, Any] | None = None


class Update(Struct):
    """What one batch of chunks adds to a reply."""

    runs: list[TextRun]
    keep_alive: bool = False  # the client has received nothing for `silence_ns`
    is_last: bool = False


class DeltaReader:
    """Reads one answer of the upstream.

    Texts are returned as they come. The finish reason, tool calls and usage are kept:
    read them after the last update.
    """

    def __init__(self, context: ReplyContext) -> None:
        self.meter = Meter(context)
        self.now_ns = context.started_ns  # when the latest batch came
        self.finish_reason: str | None = None
        self.stop_sequence: str | None = None
        self._context = context
        self._thinking = context.thinking
        self._sent_ns = context.started_ns  # when the client last received something
        self._calls = ToolCalls()

    def read_batches(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[Update]:
        """Yield an update for each batch; the final update, and only it, `is_last`.

        Stop when the finish reason and the usage are known, even if batches are left.
        """
        for batch in batches:
            runs = self.read(batch)
            keep_alive = not runs and self._is_silent(batch)
            if self.finish_reason is not None and self.meter.is_complete:
                yield Update(runs, keep_alive, is_last=True)
                return
            yield Update(runs, keep_alive)
        yield Update([], is_last=True)

    def read(self, batch: Sequence[Chunk]) -> list[TextRun]:
        """Return the texts of a batch, in order, and keep everything else."""
        self.now_ns = self._context.clock()
        runs: list[TextRun] = []
        for chunk in batch:
            if chunk.choices:
                choice = chunk.choices[0]
                delta = choice.delta or delta_of(choice)
                if choice.finish_reason or delta.tool_calls:
                    self._keep(choice, delta)
                if delta.reasoning and self._thinking:
                    _add_text(runs, REASONING, delta.reasoning)
                if delta.content or (choice.logprobs and not delta.reasoning):
                    _add_text(runs, CONTENT, delta.content or "", choice.logprobs)
            if chunk.usage is not None or chunk.time_info is not None:
                self.meter.add_chunk(chunk)
        for run in runs:
            self.meter.count_texts(len(run.texts), self.now_ns)
            self._sent_ns = self.now_ns
        return runs

    def tool_calls(self) -> list[WholeCall]:
        """Return all tool calls, each with an id."""
        return [
            call if call.id else call._replace(id=f"call_{self._context.new_id()}")
            for call in self._calls.whole(self.finish_reason)
        ]

    def usage(self) -> dict[str, int]:
        """Return the usage in OpenAI's form."""
        prompt, completion = self.meter.prompt_tokens(), self.meter.completion_tokens()
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    def _is_silent(self, batch: Sequence[Chunk]) -> bool:
        """Return whether the client needs a keep-alive after a batch without texts.

        The upstream can be busy while the client receives nothing: hidden reasoning
        and unfinished tool calls are not sent. An empty batch comes only after a long
        silence of the upstream.
        """
        if batch and self.now_ns - self._sent_ns < self._context.silence_ns:
            return False
        self._sent_ns = self.now_ns
        return True

    def _keep(self, choice: Choice, delta: Delta) -> None:
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
            self.stop_sequence = choice.stop_sequence
        if delta.tool_calls:
            self._calls.add(delta.tool_calls)


def _add_text(
    runs: list[TextRun],
    kind: str,
    text: str,
    logprobs: Mapping[str, Any] | None = None,
) -> None:
    """Append a text to the last run if it continues that run, else begin a run."""
    if runs and not logprobs:
        last = runs[-1]
        if last.kind == kind and not last.logprobs:
            last.texts.append(text)
            return
    runs.append(TextRun(kind, [text], logprobs))


def joined_text(runs: Iterable[TextRun], kind: str) -> str:
    """Return all texts of one kind as one."""
    return "".join([text for run in runs if run.kind == kind for text in run.texts])
