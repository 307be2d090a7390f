"""Stream framing and errors of the `/v1` routes in OpenAI's format."""

from __future__ import annotations

from typing import Any

from app.errors import CerellamaError
from app.translate.dialect import Body, Dialect, StreamFormat
from app.wire import json_codec, sse

ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
DEFAULT_ERROR_TYPE = "api_error"

# A comment: openai-python fails on an event without data.
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"


class OpenAIDialect(Dialect):
    """The part of a dialect that all endpoints in OpenAI's format share."""

    stream_mimetype = sse.MIMETYPE
    content_type = "application/json"

    def error(self, error: CerellamaError) -> dict[str, Any]:
        kind = ERROR_TYPES.get(error.status, DEFAULT_ERROR_TYPE)
        fields = {"message": error.message, "type": kind, "param": None, "code": None}
        return {"error": fields}

    def encode(self, body: Body) -> bytes:
        return json_codec.encode(body) + b"\n"

    def frame(self, event: dict[str, Any]) -> bytes:
        return sse.encode(json_codec.encode(event))


FAMILY = OpenAIDialect()
DIALECT = StreamFormat(FAMILY.stream_mimetype, FAMILY.frame, FAMILY.error)
