"""Requests: one conversation in each dialect; its last message says what to answer."""

from __future__ import annotations

import json
from typing import Any

MODEL = "gpt-oss-120b"
PATHS = {
    "native": "/api/chat",
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
}
TALK = "The build fails in the parser since the last commit, and I cannot see why. " * 5
TOOLS = ("read_file", "write_file", "run_command", "search_code", "list_folder")


def body(dialect: str, knobs: dict[str, int], *, agent: bool = False) -> bytes:
    """A small question, or an agent's: 20 messages and 5 tools, 11 KB."""
    ask = "bench:" + "".join(f" {name}={value}" for name, value in knobs.items()) + ";"
    request: dict[str, Any] = {
        "model": MODEL,
        "messages": [*(_history() if agent else ()), _message("user", ask)],
        "stream": bool(knobs.get("stream", 1)),
    }
    if agent:
        request["tools"] = [_tool(name) for name in TOOLS]
    if dialect == "openai" and request["stream"]:
        request["stream_options"] = {"include_usage": True}
    if dialect == "anthropic":
        request["max_tokens"] = 100_000
    return json.dumps(request).encode()


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _history() -> list[dict[str, str]]:
    turns = [_message(("user", "assistant")[n % 2], f"{n}. {TALK}") for n in range(18)]
    return [_message("system", "You are a careful programmer."), *turns]


def _tool(name: str) -> dict[str, Any]:
    text = {"type": "string", "description": "As the operating system spells it."}
    parameters = {
        "type": "object",
        "properties": {"path": text, "pattern": text, "recursive": {"type": "boolean"}},
        "required": ["path"],
    }
    function = {
        "name": name,
        "description": f"To {name.replace('_', ' ')} in the user's working copy.",
        "parameters": parameters,
    }
    return {"type": "function", "function": function}
