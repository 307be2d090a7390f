"""Messages of `/api/chat`, and of derived models, in the upstream form.

Without imports of a dialect: applying a derived model needs it in every dialect.
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
    extras = EXTRAS[role](message) if role in EXTRAS else {}
    return {"role": role if role in ROLES else "user", "content": content, **extras}


def content_of(text: str, encoded: Sequence[str]) -> str | list[dict[str, Any]]:
    """Return the text itself, or parts if there are images (base64) beside it."""
    if not encoded:
        return text
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for image in encoded:
        url = {"url": images.data_uri(image)}
        parts.append({"type": "image_url", "image_url": url})
    return parts


def _assistant_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("images"):
        raise InvalidRequest("messages of an assistant cannot have images")
    calls = [_tool_call(call) for call in message.get("tool_calls") or ()]
    return _present(reasoning=message.get("thinking"), tool_calls=calls)


def _tool_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    name = message.get("tool_name") or message.get("name")
    return _present(tool_call_id=message.get("tool_call_id"), name=name)


EXTRAS = {"assistant": _assistant_fields, "tool": _tool_fields}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments = json_codec.encode(function.get("arguments") or {}).decode()
    called = {"name": function.get("name") or "", "arguments": arguments}
    return {**_present(id=call.get("id")), "type": "function", "function": called}


def _present(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {name: value for name, value in fields.items() if value}
