"""Ask, as `answer` does, unless a request says nothing: Ollama only loads the model."""

from __future__ import annotations

from typing import Any

from app.catalogue.resolve import Target
from app.web import answer, inference
from app.web.answer import Stream
from app.wire.completion import Choice, Chunk, Delta

NOTHING = Chunk([Choice(delta=Delta(), finish_reason="load")])


def with_preset(
    request: dict[str, Any], target: Target, body: inference.Body
) -> dict[str, Any]:
    """A derived model adds nothing to a request that says nothing."""
    said = request["messages"]
    return inference.with_preset(request, target, body) if said else request


def complete(request: dict[str, Any], target: Target) -> Chunk:
    return answer.complete(request, target) if request["messages"] else NOTHING


def stream(request: dict[str, Any], target: Target) -> Stream:
    if request["messages"]:
        return answer.stream(request, target)
    return Stream([[NOTHING]], lambda: None)
