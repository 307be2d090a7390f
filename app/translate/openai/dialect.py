"""How the `/v1` routes in OpenAI's manner frame their streams and word their errors."""

from __future__ import annotations

from typing import Any

from app.errors import CerellamaError
from app.translate.dialect import Dialect
from app.wire import json_codec, sse

ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
OTHER_ERRORS = "api_error"

# Comments alone: openai-python breaks on an event that has no data.
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"


def encode(event: dict[str, Any]) -> bytes:
    return sse.encode(json_codec.encode(event))


def from_error(error: CerellamaError) -> dict[str, Any]:
    kind = ERROR_TYPES.get(error.status, OTHER_ERRORS)
    told = {"message": error.message, "type": kind, "param": None, "code": None}
    return {"error": told}


DIALECT = Dialect(sse.MIMETYPE, encode, from_error)
