"""Replace tool names that the upstream refuses.

The upstream accepts 1 to 64 characters of `[A-Za-z0-9_-]`; Ollama's clients also use
dots, slashes and longer names. Requests are sent with replacement names, and the
client's own names are put back into the reply.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from app.wire.completion import Choice, Chunk, ToolCall

VALID_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
INVALID_CHARACTER = re.compile(r"[^A-Za-z0-9_-]")
STEM_LENGTH = 55
HASH_LENGTH = 8

Names = Mapping[str, str]


def replacements(request: Mapping[str, Any]) -> dict[str, str]:
    """Return a replacement for each name in a request that the upstream refuses."""
    entries = [*(request.get("tools") or ()), *_tool_calls(request)]
    if not entries:
        return {}
    names = {entry["function"].get("name") or "" for entry in entries}
    return {
        name: _replacement(name) for name in names if not VALID_NAME.fullmatch(name)
    }


def _tool_calls(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for message in request.get("messages") or ():
        yield from message.get("tool_calls") or ()


def _replacement(name: str) -> str:
    """Return the replacement, the same in every request: the upstream caches prompts.

    The hash keeps similar names apart.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()[:HASH_LENGTH]
    return f"{INVALID_CHARACTER.sub('_', name)[:STEM_LENGTH]}_{digest}"


def replace_names(request: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return the request with all tool names replaced that `names` contains."""
    renamed = {
        **request,
        "messages": [_rename_message(each, names) for each in request["messages"]],
    }
    if request.get("tools"):
        renamed["tools"] = [_rename_entry(tool, names) for tool in request["tools"]]
    if isinstance(request.get("tool_choice"), dict):
        renamed["tool_choice"] = _rename_entry(request["tool_choice"], names)
    return renamed


def _rename_message(message: Mapping[str, Any], names: Names) -> dict[str, Any]:
    renamed = dict(message)
    if message.get("tool_calls"):
        calls = [_rename_entry(call, names) for call in message["tool_calls"]]
        renamed["tool_calls"] = calls
    if message["role"] == "tool" and message.get("name") in names:
        renamed["name"] = names[message["name"]]
    return renamed


def _rename_entry(entry: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return a tool, tool call or tool choice with its function renamed."""
    function = entry["function"]
    name = function.get("name") or ""
    return {**entry, "function": {**function, "name": names.get(name, name)}}


def restore_names(chunk: Chunk, originals: Names) -> Chunk:
    """Return a chunk or whole completion with the client's own names in its calls."""
    choices = [_restore_choice(choice, originals) for choice in chunk.choices or ()]
    return replace(chunk, choices=choices)


def _restore_choice(choice: Choice, originals: Names) -> Choice:
    delta = choice.delta or choice.message
    if delta is None or not delta.tool_calls:
        return choice
    calls = [_restore_call(call, originals) for call in delta.tool_calls]
    return replace(choice, delta=replace(delta, tool_calls=calls), message=None)


def _restore_call(call: ToolCall, originals: Names) -> ToolCall:
    function = call.function
    if function is None or function.name is None:
        return call
    name = originals.get(function.name, function.name)
    return replace(call, function=replace(function, name=name))
