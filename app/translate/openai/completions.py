"""`/v1/completions`: a prompt is the user's only message, as in Ollama."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import InvalidRequest
from app.translate.openai.content import GO_TYPES

SAMPLING = ("temperature", "seed", "frequency_penalty", "presence_penalty")


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request in the upstream form, without its model."""
    prompt, cap = body.get("prompt"), body.get("max_tokens") or 0
    request = {
        "messages": [{"role": "user", "content": prompt}] if prompt else [],
        **{key: body.get(key) for key in SAMPLING},
        "top_p": body.get("top_p") or None,  # zero is as good as absent
        "max_completion_tokens": cap if cap > 0 else None,
        "stop": _stops(body.get("stop")),
        "logprobs": True if body.get("logprobs") else None,
        "top_logprobs": body.get("logprobs") or None,
    }
    return {key: value for key, value in request.items() if value is not None}


def _stops(stop: Any) -> list[str] | None:
    stops = stop if isinstance(stop, list) else [stop]
    for text in stops if isinstance(stop, list) else ():
        if not isinstance(text, str):
            found = GO_TYPES[type(text)]
            raise InvalidRequest(f"invalid type for 'stop' field: {found}")
    return [text for text in stops if isinstance(text, str) and text] or None
