"""Names of tools that the upstream refuses, spelt so that it does not.

It takes 64 characters of `[A-Za-z0-9_-]`; clients of Ollama also use dots, slashes or
longer names. A stand-in goes up, and the client's own name comes back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from app.wire.completion import Choice, Chunk, ToolCall

TAKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
STRANGE = re.compile(r"[^A-Za-z0-9_-]")
STEM_LENGTH = 55
HASH_LENGTH = 8

Names = Mapping[str, str]


def stand_ins(request: Mapping[str, Any]) -> dict[str, str]:
    """Each refused name in a request, and what goes up for it."""
    named = [*(request.get("tools") or ()), *_calls(request)]
    if not named:
        return {}
    names = {each["function"].get("name") or "" for each in named}
    return {name: _stand_in(name) for name in names if not TAKEN.fullmatch(name)}


def _calls(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for message in request.get("messages") or ():
        yield from message.get("tool_calls") or ()


def _stand_in(name: str) -> str:
    """Always the same, so that prompts stay alike; its hash keeps it apart."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:HASH_LENGTH]
    return f"{STRANGE.sub('_', name)[:STEM_LENGTH]}_{digest}"


def rename(request: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The request with stand-ins wherever a tool is named."""
    renamed = {
        **request,
        "messages": [_message(message, names) for message in request["messages"]],
    }
    if request.get("tools"):
        renamed["tools"] = [_with_function(tool, names) for tool in request["tools"]]
    if isinstance(request.get("tool_choice"), dict):
        renamed["tool_choice"] = _with_function(request["tool_choice"], names)
    return renamed


def _message(message: Mapping[str, Any], names: Names) -> dict[str, Any]:
    renamed = dict(message)
    if message.get("tool_calls"):
        calls = [_with_function(call, names) for call in message["tool_calls"]]
        renamed["tool_calls"] = calls
    if message["role"] == "tool" and message.get("name") in names:
        renamed["name"] = names[message["name"]]
    return renamed


def _with_function(named: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """A tool, a call or a choice: each names its function alike."""
    function = named["function"]
    name = function.get("name") or ""
    return {**named, "function": {**function, "name": names.get(name, name)}}


def originals(names: Names) -> dict[str, str]:
    """Each stand-in, and the client's own name for it."""
    return {stand_in: name for name, stand_in in names.items()}


def restore(chunk: Chunk, originals: Names) -> Chunk:
    """The chunk, or whole answer, with the client's own names back in its calls."""
    choices = [_restored(choice, originals) for choice in chunk.choices or ()]
    return replace(chunk, choices=choices)


def _restored(choice: Choice, originals: Names) -> Choice:
    said = choice.delta or choice.message
    if said is None or not said.tool_calls:
        return choice
    calls = [_call(call, originals) for call in said.tool_calls]
    return replace(choice, delta=replace(said, tool_calls=calls), message=None)


def _call(call: ToolCall, originals: Names) -> ToolCall:
    function = call.function
    if function is None or function.name is None:
        return call
    name = originals.get(function.name, function.name)
    return replace(call, function=replace(function, name=name))
