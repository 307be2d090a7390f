"""Messages: the keys each role has, and its forms of content."""

from __future__ import annotations

from typing import Any

from fake_cerebras.checks.shape import (
    Check,
    either,
    fault,
    fields,
    integer,
    items,
    mapping,
    one_of,
    text,
)

string = text()

PARTS: dict[str, Check] = {
    "text": fields({"type": string, "text": string}, ["text"]),
    "image_url": fields(
        {
            "type": string,
            "image_url": fields({"url": string, "detail": string}, ["url"]),
        },
        ["image_url"],
    ),
    "image": fields({"type": string, "image": string}, ["image"]),
}


def parts(*kinds: str) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return mapping(value, path)
        kind = value.get("type")
        if kind not in kinds:
            return fault(f"{path}.type", f"Input should be {' or '.join(kinds)}")
        return PARTS[kind](value, path)

    return check


words = either(string, items(parts("text")))
words_and_images = either(string, items(parts("text", "image_url", "image")))

TOOL_CALL = fields(
    {
        "id": string,
        "type": one_of("function"),
        "function": fields({"name": string, "arguments": string}, ["name"]),
        "index": integer(0),
    },
    ["id", "type", "function"],
)

said = fields(
    {"role": string, "content": words_and_images, "name": string}, ["content"]
)

ROLES: dict[str, Check] = {
    "system": said,
    "developer": said,
    "user": said,
    "assistant": fields(
        {
            "role": string,
            "content": words,
            "name": string,
            "reasoning": words,
            "tool_calls": items(TOOL_CALL),
        }
    ),
    "tool": fields(
        {"role": string, "content": words, "tool_call_id": string, "name": string},
        ["content", "tool_call_id"],
    ),
}


def message(value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return mapping(value, path)
    role = value.get("role")
    if not isinstance(role, str) or role not in ROLES:
        known = " or ".join(map(repr, ROLES))
        return fault(f"{path}.role", f"Input should be {known}")
    return ROLES[role](value, f"{path}.{role}")
