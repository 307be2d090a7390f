"""What the upstream says, read for the replies of every dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from app.translate.deltas import Meter, ToolCalls, WholeCall, said
from app.translate.dialect import Event, LastEvents, ReplyContext
from app.wire.completion import Choice, Chunk, Delta

CONTENT, REASONING = "content", "reasoning"


class Run(Struct):
    """Texts of one kind that came after one another; one with logprobs is alone."""

    kind: str
    texts: list[str]
    logprobs: Mapping[str, Any] | None = None


class Reading:
    """An answer that is being read; what it calls and costs is known at its end."""

    def __init__(self, context: ReplyContext) -> None:
        self.meter = Meter(context)
        self.now_ns = context.started_ns  # of the last read: one stamp for all of it
        self.finish_reason: str | None = None
        self.stop_sequence: str | None = None
        self._context = context
        self._thinking = context.thinking
        self._told_ns = context.started_ns  # when the client last heard something
        self._calls = ToolCalls()

    def stream(
        self,
        batches: Iterable[Sequence[Chunk]],
        say: Callable[[list[Run]], list[Event]],
        end: Callable[[], list[Event]],
        silence: Callable[[], Event],
    ) -> Iterator[list[Event]]:
        """The events of each read, then those of the end, as LastEvents.

        `silence` is for a client that has heard nothing for long.
        """
        ended = False
        for batch in batches:
            if ended:
                continue
            runs = self.read(batch)
            events = say(runs) if runs or not self._is_long(batch) else [silence()]
            ended = self.finish_reason is not None and self.meter.is_complete
            yield LastEvents(events + end()) if ended else events
        if not ended:
            yield LastEvents(end())

    def read(self, batch: Sequence[Chunk]) -> list[Run]:
        """What one read says, in order; all else it brings is kept for the end."""
        self.now_ns = self._context.clock()
        runs: list[Run] = []
        for chunk in batch:
            if chunk.choices:
                choice = chunk.choices[0]
                delta = choice.delta or said(choice)
                if choice.finish_reason or delta.tool_calls:
                    self._note(choice, delta)
                if delta.reasoning and self._thinking:
                    add(runs, REASONING, delta.reasoning)
                if delta.content or (choice.logprobs and not delta.reasoning):
                    add(runs, CONTENT, delta.content or "", choice.logprobs)
            if chunk.usage is not None or chunk.time_info is not None:
                self.meter.note(chunk)
        for run in runs:
            self.meter.count(len(run.texts), self.now_ns)
            self._told_ns = self.now_ns
        return runs

    def tool_calls(self) -> list[WholeCall]:
        """All calls, each with an id."""
        return [
            call if call.id else call._replace(id=f"call_{self._context.new_id()}")
            for call in self._calls.whole(self.finish_reason)
        ]

    def usage(self) -> dict[str, int]:
        prompt, completion = self.meter.prompt_tokens(), self.meter.completion_tokens()
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    def _is_long(self, batch: Sequence[Chunk]) -> bool:
        """Is this silence long for the client?

        Hidden thoughts and calls that still grow say nothing to it, however busy the
        upstream is; an empty read comes after long silence only.
        """
        if batch and self.now_ns - self._told_ns < self._context.silence_ns:
            return False
        self._told_ns = self.now_ns
        return True

    def _note(self, choice: Choice, delta: Delta) -> None:
        """Keep what the client hears of at the end only."""
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
            self.stop_sequence = choice.stop_sequence
        if delta.tool_calls:
            self._calls.add(delta.tool_calls)


def add(
    runs: list[Run], kind: str, text: str, logprobs: Mapping[str, Any] | None = None
) -> None:
    """Go on with the last run, if the text is more of the same."""
    if runs and not logprobs:
        last = runs[-1]
        if last.kind == kind and not last.logprobs:
            last.texts.append(text)
            return
    runs.append(Run(kind, [text], logprobs))


def text_of(kind: str, runs: Iterable[Run]) -> str:
    """All that was said of one kind."""
    return "".join([text for run in runs if run.kind == kind for text in run.texts])
