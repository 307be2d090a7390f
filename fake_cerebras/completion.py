"""A completion: reasoning, content and tool calls, in tokens, cut to the request."""

import json
import random
import re
import secrets
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fake_cerebras import demo
from fake_cerebras.models import Model
from fake_cerebras.request import Body
from fake_cerebras.script import Script

TOKEN = re.compile(r" ?\w{1,6}|\s|[^\w\s]")
# Tokens per event: the real API sends 1 to 8 and more.
EVENT_LENGTHS = (1, 1, 1, 2, 2, 3, 4, 6, 8)


def tokenize(text: str) -> list[str]:
    """Split a text into pieces that join to the same text."""
    return TOKEN.findall(text)


def split_into_events(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield runs of tokens of irregular length, the same for the same text."""
    lengths = random.Random(zlib.crc32("".join(tokens).encode()))
    start = 0
    while start < len(tokens):
        length = lengths.choice(EVENT_LENGTHS)
        yield tokens[start : start + length]
        start += length


@dataclass(frozen=True)
class ToolCall:
    """A tool call; `arguments` is text, normally JSON."""

    id: str
    name: str
    arguments: str

    @property
    def token_count(self) -> int:
        return len(tokenize(self.name + self.arguments))

    def as_dict(self) -> dict[str, Any]:
        return {
            "function": {"name": self.name, "arguments": self.arguments},
            "type": "function",
            "id": self.id,
        }


@dataclass(frozen=True)
class Completion:
    reasoning: Sequence[str]
    content: Sequence[str]
    tool_calls: Sequence[ToolCall] = ()
    finish_reason: str = "stop"

    @property
    def completion_tokens(self) -> int:
        calls = sum(call.token_count for call in self.tool_calls)
        return len(self.reasoning) + len(self.content) + calls


def make_completion(body: Body, model: Model, script: Script) -> Completion:
    """Return the script's completion, or the demo's, cut to the request's limits."""
    if script.has_content:
        parts = demo.Parts(
            script.reasoning or "", script.content or "", script.tool_calls
        )
    else:
        parts = demo.answer(body, model)
    calls = tuple(_tool_call(call) for call in parts.tool_calls)
    completion = Completion(
        # /v1/completions has no field for reasoning.
        reasoning=() if "prompt" in body else tokenize(parts.reasoning),
        content=tokenize(parts.content),
        tool_calls=calls,
        finish_reason="tool_calls" if calls else "stop",
    )
    completion = _stop(completion, body.get("stop"))
    completion = _limit(completion, _token_limit(body, model))
    if script.finish_reason is not None:
        completion = replace(completion, finish_reason=script.finish_reason)
    return completion


def _tool_call(source: dict[str, Any]) -> ToolCall:
    arguments = source.get("arguments", {})
    return ToolCall(
        id=source.get("id") or secrets.token_hex(5)[:9],
        name=source["name"],
        arguments=arguments if isinstance(arguments, str) else json.dumps(arguments),
    )


def _stop(completion: Completion, stop: Any) -> Completion:
    """End the content before the first stop sequence."""
    text = "".join(completion.content)
    sequences = [stop] if isinstance(stop, str) else stop or []
    ends = [end for each in sequences if (end := text.find(each)) >= 0]
    if not ends:
        return completion
    content = tokenize(text[: min(ends)])
    return replace(completion, content=content, finish_reason="stop")


def _token_limit(body: Body, model: Model) -> int:
    caps = (body.get("max_completion_tokens"), body.get("max_tokens"))
    limits: list[int] = [cap for cap in caps if cap is not None and cap >= 0]
    return min([*limits, model.max_output])


def _limit(completion: Completion, limit: int) -> Completion:
    """Cut to a number of tokens; reasoning counts first, tool calls are dropped."""
    if completion.completion_tokens <= limit:
        return completion
    reasoning = completion.reasoning[:limit]
    content = completion.content[: limit - len(reasoning)]
    return Completion(reasoning, content, finish_reason="length")
