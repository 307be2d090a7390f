"""What a request in the upstream form takes of a key's tokens, by estimate.

The upstream reserves the prompt and the cap; without a cap, as much as a model can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CAPS = ("max_completion_tokens", "max_tokens")
BYTES_PER_TOKEN = 3  # of English it is four; an estimate had better be too high
TOKENS_PER_REQUEST = 100  # the template's own words
TOKENS_PER_PICTURE = 300
LEAST_CAP = 1024  # an answer that must be shorter is not worth asking for
GOOD_CAP = 8192  # what one without a cap waits for


def is_capped(request: Mapping[str, Any]) -> bool:
    return any(name in request for name in CAPS)


def with_cap(request: Mapping[str, Any], cap: int) -> dict[str, Any]:
    name = "max_tokens" if "prompt" in request else "max_completion_tokens"
    return {**request, name: cap}


def tokens(request: Mapping[str, Any]) -> int:
    caps = [request[name] for name in CAPS if name in request]
    return prompt_tokens(request) + (max(caps) if caps else GOOD_CAP)


def prompt_tokens(request: Mapping[str, Any]) -> int:
    told = (request.get(name) for name in ("messages", "prompt", "tools"))
    return TOKENS_PER_REQUEST + sum(map(_tokens, told))


def _tokens(value: Any) -> int:
    """Of all texts in a value; a picture is no text."""
    if isinstance(value, str):
        if value.startswith("data:"):
            return TOKENS_PER_PICTURE
        return len(value.encode(errors="replace")) // BYTES_PER_TOKEN + 1
    if isinstance(value, Mapping):
        return sum(_tokens(key) for key in value) + sum(map(_tokens, value.values()))
    if isinstance(value, Iterable):
        return sum(map(_tokens, value))
    return 1
