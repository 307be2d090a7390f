"""How the native API frames its streams and words its errors."""

from __future__ import annotations

from app.errors import CerellamaError
from app.translate.dialect import Dialect
from app.wire import ndjson


def from_error(error: CerellamaError) -> dict[str, str]:
    return {"error": error.message}


DIALECT = Dialect(ndjson.MIMETYPE, ndjson.encode, from_error)
