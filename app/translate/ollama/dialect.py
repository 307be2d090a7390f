"""How the native API frames its streams and words its errors."""

from __future__ import annotations

from app.errors import CerellamaError
from app.translate.dialect import Dialect
from app.wire import json_codec


def from_error(error: CerellamaError) -> dict[str, str]:
    return {"error": error.message}


DIALECT = Dialect(json_codec.NDJSON_MIMETYPE, json_codec.encode_line, from_error)
