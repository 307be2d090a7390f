"""Sends one answer at its pace."""

from __future__ import annotations

import time
from collections.abc import Iterable

from fake_cerebras.departure import Departure
from fake_cerebras.incidents import BEFORE, Ended, Incidents
from fake_cerebras.stream import Event
from fake_cerebras.writing import BodyWriter

MAX_CATCH_UP_S = 0.05  # a late server hurries no more than this


class Delivery:
    """The body of one answer on its way to one client."""

    def __init__(
        self, writer: BodyWriter, incidents: Incidents, departure: Departure
    ) -> None:
        self._writer = writer
        self._incidents = incidents
        self._departure = departure

    def before(self) -> None:
        """What happens ahead of every byte of the answer."""
        self._incidents.reach(BEFORE)

    def stream(self, events: Iterable[Event], tokens_per_second: float) -> None:
        try:
            self._send(events, tokens_per_second)
            self._incidents.reach_end()
        except Ended:
            pass
        self._writer.finish()

    def whole(self, body: bytes) -> None:
        """Places in a whole answer are counted in bytes."""
        places = [each for each in self._incidents.places if each < len(body)]
        start = 0
        try:
            for end in [*places, len(body)]:
                self._incidents.reach(start)
                self._writer.add(body[start:end])
                start = end
            self._incidents.reach_end()
        except Ended:
            pass
        self._writer.finish()

    def _send(self, events: Iterable[Event], tokens_per_second: float) -> None:
        due = time.monotonic()
        for position, event in enumerate(events):
            self._incidents.reach(position)
            now = time.monotonic()
            if tokens_per_second > 0:
                due = max(due, now - MAX_CATCH_UP_S) + event.tokens / tokens_per_second
            self._departure.wait(due - now)
            self._writer.add(event.data)
