"""The former interface of DeltaReader, for replies that still hand it callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from app.translate.delta_reader import (
    CONTENT,
    REASONING,
    DeltaReader,
    TextRun,
    joined_text,
)
from app.translate.dialect import Event, LastEvents
from app.wire.completion import Chunk

__all__ = ["CONTENT", "REASONING", "Reading", "Run", "text_of"]

Run = TextRun


class Reading(DeltaReader):
    def stream(
        self,
        batches: Iterable[Sequence[Chunk]],
        say: Callable[[list[TextRun]], list[Event]],
        end: Callable[[], list[Event]],
        silence: Callable[[], Event],
    ) -> Iterator[list[Event]]:
        is_last = False
        for batch in batches:
            if is_last:
                continue
            runs = self.read(batch)
            keep_alive = not runs and self._is_silent(batch)
            events = [silence()] if keep_alive else say(runs)
            is_last = self.finish_reason is not None and self.meter.is_complete
            yield LastEvents(events + end()) if is_last else events
        if not is_last:
            yield LastEvents(end())


def text_of(kind: str, runs: Iterable[TextRun]) -> str:
    return joined_text(runs, kind)
