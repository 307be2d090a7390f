"""Stream framing and errors of the routes in Anthropic's format."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from app.errors import CerellamaError, ConversationNotFound
from app.translate.dialect import Body, Dialect
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
DEFAULT_ERROR_TYPE = "api_error"

# Claude Code compacts a conversation when it reads Anthropic's text.
UPSTREAM_TOO_LONG = re.compile(r"Current length is (\d+) while limit is (\d+)")
TOO_LONG = "prompt is too long: {} tokens > {} maximum. {}"

PING = sse.encode(b'{"type":"ping"}', "ping")


class AnthropicDialect(Dialect):
    """The common part of these endpoints' dialects."""

    stream_mimetype = sse.MIMETYPE
    content_type = "application/json"
    request_id_header = "Request-Id"
    stream_headers: ClassVar[Mapping[str, str]] = {"Cache-Control": "no-cache"}

    def error(self, error: CerellamaError) -> dict[str, Any]:
        kind = ERROR_TYPES.get(error.status, DEFAULT_ERROR_TYPE)
        fields: dict[str, Any] = {"type": kind, "message": _message(error)}
        if isinstance(error, ConversationNotFound):
            fields["details"] = {"error_code": "thread_not_found"}
        return {"type": "error", "error": fields}

    def encode(self, body: Body) -> bytes:
        return json_codec.encode(body) + b"\n"

    def frame(self, event: dict[str, Any]) -> bytes:
        """Return an event as bytes; anthropic-python skips events without a name."""
        return sse.encode(json_codec.encode(event), event["type"])


def _message(error: CerellamaError) -> str:
    lengths = UPSTREAM_TOO_LONG.search(error.message)
    if lengths is None:
        return error.message
    return TOO_LONG.format(*lengths.groups(), error.message)


FAMILY = AnthropicDialect()
