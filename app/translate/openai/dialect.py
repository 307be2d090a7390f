"""How the `/v1` routes in OpenAI's manner frame their streams and word their errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.errors import CerellamaError
from app.translate.dialect import Dialect, Event
from app.wire import json, sse

ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
OTHER_ERRORS = "api_error"

# Comments alone: openai-python breaks on an event that has no data.
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"


def encode_all(events: Iterable[Event]) -> bytes:
    """Frame a batch; bytes are whole events already."""
    return b"".join(
        [
            event if isinstance(event, bytes) else sse.encode(json.encode(event))
            for event in events
        ]
    )


def from_error(error: CerellamaError) -> dict[str, Any]:
    kind = ERROR_TYPES.get(error.status, OTHER_ERRORS)
    told = {"message": error.message, "type": kind, "param": None, "code": None}
    return {"error": told}


DIALECT = Dialect(sse.MIMETYPE, encode_all, from_error)
