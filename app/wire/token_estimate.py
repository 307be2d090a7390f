"""Estimates of tokens, and the cap on a reply's tokens, of a request. Pure.

There is no tokenizer. Two figures stand for one: a token is about four bytes of
English, which is also Ollama's estimate; `QUOTA_BYTES_PER_TOKEN` is lower, because
a request that needs more quota than was estimated is refused.
"""

from collections.abc import Iterable, Mapping
from typing import Any

BYTES_PER_TOKEN = 4
QUOTA_BYTES_PER_TOKEN = 3
TOKENS_PER_TEMPLATE = 100  # added by the model's prompt template
TOKENS_PER_IMAGE = 300
UNCAPPED_REPLY_TOKENS = 8192  # enough quota for most replies to uncapped requests
CAP_FIELDS = ("max_completion_tokens", "max_tokens")


def has_cap(request: Mapping[str, Any]) -> bool:
    """Return whether a request in the upstream form caps its reply's tokens."""
    return any(name in request for name in CAP_FIELDS)


def with_cap(request: Mapping[str, Any], cap: int) -> dict[str, Any]:
    """Return the request with a cap, in the field that its endpoint reads."""
    name = "max_tokens" if "prompt" in request else "max_completion_tokens"
    return {**request, name: cap}


def prompt_tokens(request: Mapping[str, Any]) -> int:
    """Return the estimated prompt tokens of a request in the upstream form."""
    prompt = (request.get(name) for name in ("messages", "prompt", "tools"))
    return TOKENS_PER_TEMPLATE + sum(map(_tokens, prompt))


def reply_tokens(request: Mapping[str, Any]) -> int:
    """Return how many tokens to wait for in quota for the reply to a request.

    Cerebras reserves the cap, or without one the most that the model can generate.
    """
    caps = [request[name] for name in CAP_FIELDS if name in request]
    return max(caps) if caps else UNCAPPED_REPLY_TOKENS


def _tokens(value: Any) -> int:
    """Return the estimated tokens of all strings in a JSON value.

    An image (a data URL) counts as a constant.
    """
    if isinstance(value, str):
        if value.startswith("data:"):
            return TOKENS_PER_IMAGE
        return len(value.encode(errors="replace")) // QUOTA_BYTES_PER_TOKEN + 1
    if isinstance(value, Mapping):
        return sum(_tokens(key) for key in value) + sum(map(_tokens, value.values()))
    if isinstance(value, Iterable):
        return sum(map(_tokens, value))
    return 1
