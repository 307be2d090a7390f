"""One JSON object a line: the framing of native streams."""

from __future__ import annotations

from app.wire import json

MIMETYPE = "application/x-ndjson"


def encode(value: object) -> bytes:
    """Frame one object."""
    return json.encode(value) + b"\n"
