"""How hard to think, in OpenAI's words and in the upstream form's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import InvalidRequest
from app.wire import json_codec

EFFORTS = {
    "none": "none",
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "max",
    "xhigh": "max",
    "ultra": "max",
}
CHOICES = '"minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none"'


def reasoning_effort(body: Mapping[str, Any]) -> str | None:
    """The object `reasoning` wins wherever it is, even when it says nothing."""
    if body.get("reasoning") is not None:
        asked = body["reasoning"].get("effort")
    else:
        asked = body.get("reasoning_effort")
    if not asked:
        return None
    if asked not in EFFORTS:
        quoted = json_codec.encode(asked).decode()
        raise InvalidRequest(f"invalid reasoning value: {quoted} (must be {CHOICES})")
    return EFFORTS[asked]
