"""How many tokens a request's prompt is said to have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fake_cerebras import conversation, tokens

PER_MESSAGE = 6
PER_REQUEST = 60  # the chat template's own words
PER_IMAGE = 256


@dataclass(frozen=True)
class Prompt:
    tokens: int
    image_tokens: int = 0


def measure(body: Mapping[str, Any]) -> Prompt:
    if "prompt" in body:
        return Prompt(1 + _raw(body["prompt"]))
    messages = conversation.messages(body)
    images = PER_IMAGE * sum(
        1 for each in messages for _ in conversation.image_urls(each)
    )
    words = PER_REQUEST + sum(PER_MESSAGE + _message(each) for each in messages)
    if body.get("tools"):
        words += tokens.estimate(json.dumps(body["tools"]))
    return Prompt(words + images, images)


def _message(message: Mapping[str, Any]) -> int:
    words = conversation.text(message.get("content"))
    words += conversation.text(message.get("reasoning"))
    for call in message.get("tool_calls") or ():
        words += call["function"].get("arguments", "")
    return tokens.estimate(words)


def _raw(prompt: Any) -> int:
    """Of a text, a list of texts, a list of token ids or a list of those."""
    if isinstance(prompt, str):
        return tokens.estimate(prompt)
    if isinstance(prompt, int):
        return 1
    return sum(_raw(each) for each in prompt)
