"""How `/v1/messages` frames its streams and words its errors.

Every event has a name: anthropic-python skips those without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from app.errors import CerellamaError, ConversationNotFound
from app.translate.dialect import Body, Dialect, StreamFormat
from app.wire import json_codec, sse

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
OTHER_ERRORS = "api_error"

# Claude Code makes a conversation shorter when it reads Anthropic's own words.
UPSTREAM_TOO_LONG = re.compile(r"Current length is (\d+) while limit is (\d+)")
TOO_LONG = "prompt is too long: {} tokens > {} maximum. {}"

PING = sse.encode(b'{"type":"ping"}', "ping")


def encode(event: dict[str, Any]) -> bytes:
    return sse.encode(json_codec.encode(event), event["type"])


def from_error(error: CerellamaError) -> dict[str, Any]:
    """The same as a reply's body and as a stream's last event."""
    kind = ERROR_TYPES.get(error.status, OTHER_ERRORS)
    told: dict[str, Any] = {"type": kind, "message": _message(error)}
    if isinstance(error, ConversationNotFound):
        told["details"] = {"error_code": "thread_not_found"}
    return {"type": "error", "error": told}


def _message(error: CerellamaError) -> str:
    lengths = UPSTREAM_TOO_LONG.search(error.message)
    if lengths is None:
        return error.message
    return TOO_LONG.format(*lengths.groups(), error.message)


class AnthropicDialect(Dialect):
    """The part of a dialect that all endpoints of Anthropic's API share."""

    stream_mimetype = sse.MIMETYPE
    content_type = "application/json"
    request_id_header = "Request-Id"
    stream_headers: ClassVar[Mapping[str, str]] = {"Cache-Control": "no-cache"}

    def error(self, error: CerellamaError) -> dict[str, Any]:
        return from_error(error)

    def encode(self, body: Body) -> bytes:
        return json_codec.encode(body) + b"\n"

    def frame(self, event: dict[str, Any]) -> bytes:
        return encode(event)


DIALECT = StreamFormat(sse.MIMETYPE, encode, from_error)
