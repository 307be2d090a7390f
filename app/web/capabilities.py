"""Refusals of what a model cannot do, as Ollama words and orders them.

The one place for these, whatever the dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.catalogue.resolve import Target
from app.errors import InvalidRequest

Body = Mapping[str, Any]

NEVER_RAW = ("template", "system", "context")

# Capability -> what of a request needs it.
NEEDS = {"thinking": "think", "tools": "tools", "insert": "suffix"}


def require(body: Body, target: Target) -> None:
    """Refuse what the model cannot do; thinking is told by the name as it was sent."""
    if body.get("raw") and any(body.get(name) for name in NEVER_RAW):
        raise InvalidRequest("raw mode does not support template, system, or context")
    for capability, wish in NEEDS.items():
        if body.get(wish) and capability not in target.model.capabilities:
            quoted = f'"{target.name}"'
            name = quoted if capability == "thinking" else target.full_name
            raise InvalidRequest(f"{name} does not support {capability}")
