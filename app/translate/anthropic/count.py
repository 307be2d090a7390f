"""How many tokens a request has, by Ollama's estimate: a token is four bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.translate.anthropic.content import blocks_of, is_result, text_of
from app.wire import json_codec
from app.wire.token_estimate import BYTES_PER_TOKEN

UNCOUNTED = frozenset({"image", "document"})
TEXTS = {"text": "text", "thinking": "thinking"}


def input_tokens(body: Mapping[str, Any]) -> int:
    """At least one; what pictures cost is unknown."""
    size = len(text_of(body.get("system")).encode())
    for message in body.get("messages") or ():
        size += len((message.get("role") or "").encode())
        size += _size(blocks_of(message.get("content")))
    size += sum(len(json_codec.encode(tool)) for tool in body.get("tools") or ())
    return max(size // BYTES_PER_TOKEN, 1)


def _size(blocks: Iterable[Mapping[str, Any]]) -> int:
    return sum(_size_of(block) for block in blocks)


def _size_of(block: Mapping[str, Any]) -> int:
    kind = block["type"]
    if kind in UNCOUNTED:
        return 0
    if kind in TEXTS:
        return len(str(block.get(TEXTS[kind]) or "").encode())
    if is_result(block):
        return _size(blocks_of(block.get("content")))
    return len(json_codec.encode(block))
