"""The estimate of a prompt's length."""

from __future__ import annotations

from typing import Any

import pytest

from app.translate.anthropic.count import input_tokens


def said(*blocks: Any, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": list(blocks)}]}


IMAGE = {"type": "image", "source": {"type": "base64", "data": "a" * 4000}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 1),
        ({"messages": [{"role": "user", "content": "a" * 16}]}, 5),
        (said({"type": "text", "text": "é" * 8}), 5),
        (said({"type": "thinking", "thinking": "a" * 16, "signature": "s" * 99}), 5),
        (said(IMAGE), 1),
        (said({"type": "tool_result", "content": [IMAGE]}), 1),
        (said({"type": "tool_result", "content": "a" * 16}), 5),
        (said({"type": "tool_use", "id": "a", "name": "b", "input": {}}), 13),
        ({"system": [{"type": "text", "text": "a" * 40}]}, 10),
        ({"tools": [{"name": "look", "input_schema": {"type": "object"}}]}, 12),
    ],
)
def test_four_bytes_are_a_token(body: dict[str, Any], expected: int) -> None:
    assert input_tokens(body) == expected
