"""Messages and tools of `/api/chat`, and messages of derived models.

This module imports no dialect: every dialect needs it to apply a derived model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import InvalidRequest
from app.translate import images
from app.translate.messages import ROLES
from app.wire import json_codec


def message_to_upstream(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a native message in the upstream form; unknown roles become `user`."""
    role = message.get("role")
    content = content_of(message.get("content") or "", message.get("images") or ())
    fields = ROLE_FIELDS[role](message) if role in ROLE_FIELDS else {}
    return {"role": role if role in ROLES else "user", "content": content, **fields}


def content_of(text: str, encoded: Sequence[str]) -> str | list[dict[str, Any]]:
    """Return the text itself, or parts if there are images (base64) beside it."""
    if not encoded:
        return text
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for image in encoded:
        url = {"url": images.data_uri(image)}
        parts.append({"type": "image_url", "image_url": url})
    return parts


def tool_to_upstream(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition of a tool in the upstream form."""
    function = tool.get("function") or {}
    definition = {
        "name": function.get("name") or "",
        **without_empty(description=function.get("description")),
        "parameters": function.get("parameters") or {},
    }
    return {"type": "function", "function": definition}


def without_empty(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {name: value for name, value in fields.items() if value}


def _assistant_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("images"):
        raise InvalidRequest("messages of an assistant cannot have images")
    calls = [_tool_call(call) for call in message.get("tool_calls") or ()]
    return without_empty(reasoning=message.get("thinking"), tool_calls=calls)


def _tool_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    name = message.get("tool_name") or message.get("name")
    return without_empty(tool_call_id=message.get("tool_call_id"), name=name)


ROLE_FIELDS = {"assistant": _assistant_fields, "tool": _tool_fields}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments = json_codec.encode(function.get("arguments") or {}).decode()
    return {
        **without_empty(id=call.get("id")),
        "type": "function",
        "function": {"name": function.get("name") or "", "arguments": arguments},
    }
