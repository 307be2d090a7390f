"""How long prompt and answer may be."""

from __future__ import annotations

from typing import Any

from fake_cerebras import prompt
from fake_cerebras.errors import context_length_exceeded, invalid
from fake_cerebras.models import Model


def check(body: dict[str, Any], model: Model) -> None:
    caps = [body.get("max_completion_tokens"), body.get("max_tokens")]
    given = [cap for cap in caps if cap is not None]
    if len(given) > 1:  # what really happens is unknown, so nobody may rely on it
        raise invalid("max_tokens and max_completion_tokens are the same: give one")
    length = prompt.measure(body).tokens + max([0, *given])
    if length > model.context_length:
        raise context_length_exceeded(length, model.context_length)
