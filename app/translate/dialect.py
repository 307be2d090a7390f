"""What every dialect is made of.

An event is one object of a dialect's stream: a dict still to be framed, or bytes
that are framed already (a run of plain text, a keep-alive).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import CerellamaError
from app.wire import json_codec

Event = dict[str, Any] | bytes


class LastEvents(list[Event]):
    """Events that no others follow, though the upstream may still have to end."""


@dataclass(frozen=True)
class Dialect:
    """How a dialect's streams and errors look on the wire."""

    mimetype: str
    encode: Callable[[dict[str, Any]], bytes]  # one event, framed
    from_error: Callable[[CerellamaError], dict[str, Any]]

    def encode_all(self, events: Sequence[Event]) -> bytes:
        """Frame a batch; mostly it is one run of texts, which is framed already."""
        if len(events) == 1 and isinstance(events[0], bytes):
            return events[0]
        return b"".join(
            [each if isinstance(each, bytes) else self.encode(each) for each in events]
        )


@dataclass(frozen=True)
class Exchange:
    """What a reply must know of the request it answers."""

    name: str  # the model, as the client spelt it
    clock: Callable[[], int]  # nanoseconds since 1970
    new_id: Callable[[], str]  # eight characters of [a-z0-9]
    started_ns: int
    remote: Mapping[str, str] = field(default_factory=dict)  # remote_model, remote_host
    thinking: bool = True  # False hides what the model thought
    tick_ns: int = 15_000_000_000  # of silence, before a stream is kept alive
    prompt_tokens: int = 1  # an estimate, for an upstream that does not count


def run(head: bytes, texts: Sequence[str], tail: bytes) -> bytes:
    """Frame a run of plain texts: each is a JSON string between `head` and `tail`."""
    if len(texts) == 1:
        told = head + json_codec.encode_raw(texts[0]) + tail
    else:
        told = head + (tail + head).join(map(json_codec.encode_raw, texts)) + tail
    return told if told.isascii() else json_codec.escape_line_breaks(told)
