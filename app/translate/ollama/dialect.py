"""Stream framing and errors of Ollama's native API."""

from __future__ import annotations

from typing import Any

from app.errors import CerellamaError
from app.translate.dialect import Dialect, StreamFormat
from app.wire import json_codec


class OllamaDialect(Dialect):
    """The part of a dialect that all native endpoints share."""

    stream_mimetype = json_codec.NDJSON_MIMETYPE
    content_type = "application/json; charset=utf-8"
    streams_by_default = True
    loads_models = True

    def error(self, error: CerellamaError) -> dict[str, Any]:
        return {"error": error.message}

    def frame(self, event: dict[str, Any]) -> bytes:
        return json_codec.encode_line(event)


FAMILY = OllamaDialect()
DIALECT = StreamFormat(FAMILY.stream_mimetype, FAMILY.frame, FAMILY.error)
