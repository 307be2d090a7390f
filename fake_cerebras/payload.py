"""Bodies as bytes, in and out."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any

from fake_cerebras import encoding


def unpack(data: bytes, headers: Mapping[str, str]) -> bytes:
    """Undo gzip; what only claims to be gzip stays and fails as JSON."""
    if headers.get("content-encoding") != "gzip":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return data


def legible(data: bytes) -> Any:
    """For the records: JSON, or failing that text."""
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def render(value: Any) -> tuple[str, bytes]:
    """The content type and the bytes of an answer."""
    if not isinstance(value, str):
        return "application/json", encoding.dump(value).encode()
    kind = "text/html" if value.lstrip().startswith("<") else "text/plain"
    return kind, value.encode()
