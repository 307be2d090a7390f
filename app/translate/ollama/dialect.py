"""How the native API frames its streams and words its errors."""

from __future__ import annotations

from collections.abc import Iterable

from app.errors import CerellamaError
from app.translate.dialect import Dialect, Event
from app.wire import ndjson


def encode_all(events: Iterable[Event]) -> bytes:
    """Frame a batch: one line per event; bytes are whole lines already."""
    return b"".join(
        [
            event if isinstance(event, bytes) else ndjson.encode(event)
            for event in events
        ]
    )


def from_error(error: CerellamaError) -> dict[str, str]:
    return {"error": error.message}


DIALECT = Dialect(ndjson.MIMETYPE, encode_all, from_error)
