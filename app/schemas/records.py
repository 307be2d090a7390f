"""Checks for the objects inside a native request: messages, tool calls and tools.

A record is a table of its keys' checks; keys it does not name are dropped, as Go does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from app.schemas.fields import Check, images, mapping, mismatch, text

STRINGIFIED = "Value looks like object, but can't find closing '}' symbol"


def record(value: Any, path: str, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Check the keys of one object; null is an empty one."""
    if value is None:
        return {}
    if type(value) is not dict:
        raise mismatch(value, path, "api.Alias")
    checked = {}
    for key, item in value.items():
        name = key if key in checks else key.lower()  # Go matches keys in any case
        if item is not None and name in checks:
            checked[name] = checks[name](item, f"{path}.{name}")
    return checked


def role(value: Any, path: str) -> str:
    return text(value, path).lower()


def arguments(value: Any, path: str) -> dict[str, Any]:
    """An object; a string of JSON, as OpenAI's dialect has it, is refused."""
    if type(value) is not dict:
        raise ValidationError(STRINGIFIED)
    return value


def called_function(value: Any, path: str) -> dict[str, Any]:
    return {"arguments": {}} | record(value, path, CALLED_FUNCTION)


def tool_call(value: Any, path: str) -> dict[str, Any]:
    return {"function": {"name": "", "arguments": {}}} | record(value, path, TOOL_CALL)


def tool_calls(value: Any, path: str) -> list[dict[str, Any]]:
    if type(value) is not list:
        raise mismatch(value, path, "[]api.ToolCall")
    return [tool_call(item, path) for item in value]


CALLED_FUNCTION: Mapping[str, Check] = {"name": text, "arguments": arguments}
TOOL_CALL: Mapping[str, Check] = {"id": text, "function": called_function}
MESSAGE: Mapping[str, Check] = {
    "role": role,
    "content": text,
    "thinking": text,
    "images": images,
    "tool_calls": tool_calls,
    "tool_name": text,
    "tool_call_id": text,
}


def messages(value: Any, path: str) -> list[dict[str, Any]]:
    if type(value) is not list:
        raise mismatch(value, path, "[]api.Message")
    return [{"role": "", "content": ""} | record(item, path, MESSAGE) for item in value]


def properties(value: Any, path: str) -> dict[str, Any]:
    for item in mapping(value, path).values():
        if type(item) is not dict and item is not None:
            _, _, below = path.partition(".")
            raise mismatch(item, f"ToolFunctionParameters.{below}", "api.ToolProperty")
    return value  # type: ignore[no-any-return]  # checked to be a dict above


def parameters(value: Any, path: str) -> dict[str, Any]:
    """A JSON schema, kept whole: more of it than Ollama reads reaches the model."""
    if type(value) is not dict:
        raise mismatch(value, path, "api.ToolFunctionParameters")
    for key, check in PARAMETERS.items():
        if value.get(key) is not None:
            check(value[key], f"{path}.{key}")
    return value


PARAMETERS: Mapping[str, Check] = {"type": text, "properties": properties}
FUNCTION: Mapping[str, Check] = {
    "name": text,
    "description": text,
    "parameters": parameters,
}


def function(value: Any, path: str) -> dict[str, Any]:
    return {"name": ""} | record(value, path, FUNCTION)


TOOL: Mapping[str, Check] = {"type": text, "function": function}


def tools(value: Any, path: str) -> list[dict[str, Any]]:
    if type(value) is not list:
        raise mismatch(value, path, "api.Tools")
    return [
        {"type": "function", "function": {"name": ""}} | record(item, path, TOOL)
        for item in value
    ]
