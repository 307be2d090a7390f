"""The base of the classes that write replies, one for each endpoint."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.translate.delta_reader import DeltaReader, TextRun
from app.translate.dialect import Event, ReplyContext
from app.wire.completion import Chunk


class ReplyWriter(ABC):
    """Writes one reply, whole or as a stream."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._reader = DeltaReader(context)

    @abstractmethod
    def whole(self, completion: Chunk) -> dict[str, Any]:
        """Return the reply as one object."""

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """Yield the events for each batch."""
        events = self._first_events()
        for update in self._reader.read_batches(batches):
            if update.keep_alive:
                events.append(self._keep_alive())
            for run in update.runs:
                events += self._text_events(run)
            if update.is_last:
                events += self._last_events()
            yield events
            events = []

    def _first_events(self) -> list[Event]:
        """Return the events to send with those of the first batch."""
        return []

    @abstractmethod
    def _keep_alive(self) -> Event:
        """Return the event for a client that has received nothing for long."""

    @abstractmethod
    def _text_events(self, run: TextRun) -> Sequence[Event]:
        """Return the events of a run of texts."""

    @abstractmethod
    def _last_events(self) -> Sequence[Event]:
        """Return the events of the end, when everything about the reply is known."""
