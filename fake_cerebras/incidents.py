"""What a script makes happen in the middle of an answer: holds, pauses and faults."""

from __future__ import annotations

import math
from collections.abc import Callable

from gevent.event import Event as Gate

from fake_cerebras import encoding
from fake_cerebras.departure import Departure
from fake_cerebras.errors import IN_STREAM_ERROR
from fake_cerebras.script import Incident, Script
from fake_cerebras.writing import BodyWriter

GARBAGE = b'data: {"id":"chatcmpl-\xff\xfe","choices":[{"del\n\n'
HALF_EVENT = b'data: {"id":"chatcmpl-half","choices":[{"del'
HALF_HEAD = b"HTTP/1.1 200 OK\r\ncontent-ty"
FLOOD = b"x" * (1 << 20)
FLOOD_PIECES = 100
NO_HTTP = b"\x16\x03\x01 this is no HTTP answer\r\n\r\n"
BEFORE = -1  # the place ahead of every byte of the answer
IN_BODY_ONLY = ("in_stream_error", "end", "half_event", "flood")


class Cut(Exception):
    """The connection ends here, for the client unexpectedly."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__(reset)
        self.reset = reset


class Ended(Exception):
    """The body ends here in good order, though more was to come."""


class Incidents:
    """Those of one script, in the order of the places where they happen."""

    def __init__(
        self,
        script: Script,
        writer: BodyWriter,
        departure: Departure,
        gate: Callable[[str], Gate],
    ) -> None:
        self._script = script
        self._writer = writer
        self._departure = departure
        self._gate = gate
        self._pending = sorted(script.incidents, key=place)
        self._faults: dict[str, Callable[[], None]] = {
            "cut": self._cut,
            "reset": self._reset,
            "end": self._end,
            "stall": self._departure.wait,
            "flood": self._flood,
            "garbage": self._garbage,
            "half_event": self._half_event,
            "in_stream_error": self._in_stream_error,
            "stall_in_head": self._stall_in_head,
        }
        self._begun = False

    @property
    def places(self) -> list[int]:
        """Where something happens after the answer has begun."""
        return sorted({place(each) for each in self._pending} - {BEFORE})

    def reach(self, position: float) -> None:
        """Let happen what is due up to here."""
        self._begun = position > BEFORE
        while self._pending and place(self._pending[0]) <= position:
            self._happen(self._pending.pop(0))

    def reach_end(self) -> None:
        self.reach(math.inf)

    def _happen(self, incident: Incident) -> None:
        self._writer.flush()
        if incident.hold is not None:
            self._departure.wait(until=self._gate(incident.hold))
        if incident.pause is not None:
            self._departure.wait(incident.pause)
        if incident.fault is not None:
            self._faults[incident.fault]()

    def _cut(self) -> None:
        raise Cut

    def _reset(self) -> None:
        raise Cut(reset=True)

    def _end(self) -> None:
        raise Ended

    def _garbage(self) -> None:
        if self._begun:
            self._writer.add(GARBAGE)
            return
        self._writer.write_plainly(NO_HTTP)
        raise Cut

    def _half_event(self) -> None:
        self._writer.add(HALF_EVENT)
        raise Ended

    def _flood(self) -> None:
        """An event that does not end, for as long as the client takes it."""
        self._writer.add(HALF_EVENT)
        for _ in range(FLOOD_PIECES):
            self._writer.add(FLOOD)
            self._writer.flush()
            self._departure.wait(0)
        raise Ended

    def _stall_in_head(self) -> None:
        self._writer.write_plainly(HALF_HEAD)
        self._departure.wait()

    def _in_stream_error(self) -> None:
        self._writer.add(encoding.event(IN_STREAM_ERROR, self._script.extras))
        raise Ended


def place(incident: Incident) -> int:
    if incident.after is not None:
        return incident.after
    return 0 if incident.fault in IN_BODY_ONLY else BEFORE
