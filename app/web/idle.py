"""Ask, as `answer` does, unless a request says nothing: Ollama only loads the model."""

from __future__ import annotations

from typing import Any

from app.catalogue.resolve import Target
from app.web import answer
from app.web.answer import Stream
from app.wire.completion import Choice, Chunk, Delta

NOTHING = Chunk([Choice(delta=Delta(), finish_reason="load")])


def complete(request: dict[str, Any], target: Target) -> Chunk:
    return answer.complete(request, target) if request["messages"] else NOTHING


def stream(request: dict[str, Any], target: Target) -> Stream:
    if request["messages"]:
        return answer.stream(request, target)
    return Stream([[NOTHING]], lambda: None)
