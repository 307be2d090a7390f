"""Log probabilities, from chat's shape and from raw completions' parallel lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def entries(logprobs: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """One entry per token: `token, logprob, bytes?, top_logprobs?`."""
    if not logprobs:
        return []
    tokens = logprobs.get("content") or _unzip(logprobs)
    return [_entry(token) for token in tokens]


def _entry(token: Mapping[str, Any]) -> dict[str, Any]:
    entry = _token(token)
    if top := token.get("top_logprobs"):
        ordered = sorted(top, key=lambda other: -other["logprob"])
        entry["top_logprobs"] = [_token(other) for other in ordered]
    return entry


def _token(token: Mapping[str, Any]) -> dict[str, Any]:
    text = token["token"]
    encoded = token.get("bytes") or list(text.encode())
    entry = {"token": text, "logprob": token["logprob"]}
    return {**entry, "bytes": encoded} if encoded else entry


def _unzip(logprobs: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    tokens = logprobs.get("tokens") or []
    values = logprobs.get("token_logprobs") or []
    tops = logprobs.get("top_logprobs") or [None] * len(tokens)
    for token, value, top in zip(tokens, values, tops, strict=False):
        if value is not None:  # the first token of an echoed prompt has none
            yield {
                "token": token,
                "logprob": value,
                "top_logprobs": _named(top or {}),
            }


def _named(top: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"token": token, "logprob": value} for token, value in top.items()]
