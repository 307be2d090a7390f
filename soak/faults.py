"""What can go wrong upstream, as scripts of fake_cerebras, and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SUCCESS, REFUSED, BROKEN_OFF, LEFT = "success", "refused", "broken off", "left"


@dataclass(frozen=True)
class Fault:
    """`streamed` and `whole` say how a request may end that meets it."""

    name: str
    script: dict[str, Any] = field(default_factory=dict)
    streamed: frozenset[str] = frozenset({SUCCESS})
    whole: frozenset[str] = frozenset({SUCCESS})
    once: bool = False  # only the first attempt meets it


def harmless(name: str, **script: Any) -> Fault:
    return Fault(name, script)


def before(name: str, **script: Any) -> Fault:
    """Ahead of every byte of the answer, at each attempt."""
    ends = frozenset({REFUSED})
    return Fault(name, script, ends, ends)


def midway(name: str, **script: Any) -> Fault:
    """After the first words of a stream, or some bytes of a whole answer."""
    return Fault(name, script, frozenset({BROKEN_OFF}), frozenset({REFUSED}))


def passing(name: str, **script: Any) -> Fault:
    """The same as `before`, but the next attempt will do."""
    return Fault(name, script, once=True)


NONE = harmless("none")
FAULTS = (
    harmless("a pause", pause=0.5, after=3),
    harmless("a slow pace", tokens_per_second=300),
    harmless("torn into bytes", chunk_sizes=[1, 2, 3, 5, 8], events_per_write=16),
    harmless("torn writes", write_sizes=[7, 11, 300], write_pause=0.0),
    harmless("comments and CRLF", extras=["comments", "crlf", "empty_deltas"]),
    harmless("usage apart", extras=["usage_chunk", "no_role", "tight_data"]),
    harmless("little said at the end", omit=["usage", "time_info", "done"]),
    harmless("no framing", framing="close"),
    harmless("a connection closed after it", connection="close_silently"),
    harmless("a stale connection", connection="close_on_next"),
    before("a server error", error="server_error"),
    before("too many requests", error="request_quota_exceeded"),
    before("a full queue", error="queue_exceeded"),
    before("no credit", error="payment_required"),
    before("a wrong key", error="wrong_api_key"),
    before("a gateway's page", error="gateway_page"),
    before("too long a context", error="context_length_exceeded"),
    before("cut at once", fault="cut"),
    before("reset at once", fault="reset"),
    before("garbage at once", fault="garbage"),
    before("silence", fault="stall"),
    passing("a server error, once", error="server_error"),
    passing("too many requests, once", error="queue_exceeded"),
    passing("a reset, once", fault="reset"),
    midway("cut midway", fault="cut", after=4),
    midway("reset midway", fault="reset", after=4),
    midway("ended early", fault="end", after=4),
    midway("garbage midway", fault="garbage", after=4),
    midway("an error midway", fault="in_stream_error", after=4),
    midway("silence midway", fault="stall", after=4),
)
