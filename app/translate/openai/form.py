"""The form that an answer shall have, checked as Ollama checks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import InvalidRequest
from app.wire import json_codec


def response_format(given: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = str(given.get("type", "")).strip().lower()
    if kind == "json_object":
        return {"type": kind}
    described = given.get("json_schema") if kind == "json_schema" else None
    schema = described.get("schema") if isinstance(described, dict) else None
    if schema is None or schema == "":
        return None
    if not isinstance(schema, dict):
        printed = json_codec.encode(json_codec.encode(schema).decode()).decode()
        raise InvalidRequest(
            f'invalid format: {printed}; expected "json" or a valid JSON Schema object'
        )
    return {"type": kind, "json_schema": described}
