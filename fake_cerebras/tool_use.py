"""Decides whether a request calls for one of its tools, and with what arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fake_cerebras import conversation
from fake_cerebras.conversation import Body
from fake_cerebras.examples import Examples

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
STEM = 5  # letters that two words must share from their start
COMMON = frozenset(
    word[:STEM]
    for word in (
        *("all", "and", "any", "are", "can", "for", "from", "function", "get"),
        *("given", "has", "have", "how", "input", "into", "its", "list", "name"),
        *("not", "one", "please", "return", "string", "tell", "text", "that"),
        *("the", "this", "tool", "use", "user", "value", "what", "when", "which"),
        *("who", "why", "will", "with", "write", "you", "your"),
    )
)
SHORTEST = 3
Tool = Mapping[str, Any]


def choose(body: Body, asked: str) -> list[dict[str, Any]]:
    """One call, or none: never again once a tool has answered."""
    tools = body.get("tools") or []
    choice = body.get("tool_choice") or "auto"
    if not tools or choice == "none" or conversation.tool_results(body):
        return []
    if isinstance(choice, dict):
        tool = next(t for t in tools if name(t) == choice["function"]["name"])
        return [call(tool, asked)]
    best = max(tools, key=lambda tool: likeness(tool, asked))
    if choice == "auto" and not likeness(best, asked):
        return []
    return [call(best, asked)]


def name(tool: Tool) -> str:
    return str(tool["function"]["name"])


def likeness(tool: Tool, asked: str) -> int:
    """How many words question and tool share; those of its name count twice."""
    question = words(asked)
    own = words(name(tool))
    about = words(tool["function"].get("description") or "")
    return 2 * len(question & own) + len(question & (about - own))


def words(text: str) -> set[str]:
    found = {
        word.lower()[:STEM] for word in WORD.findall(text) if len(word) >= SHORTEST
    }
    return found - COMMON


def call(tool: Tool, asked: str) -> dict[str, Any]:
    schema = tool["function"].get("parameters") or {}
    made = Examples(schema, asked).make({"type": "object", **schema})
    return {"name": name(tool), "arguments": made}
