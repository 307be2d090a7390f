"""Bodies that nobody sends: refused or read, never a fault of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.anthropic.asking import asking
from tests.blueprints.talking import MESSAGES, QWEN, user

VALUES: list[Any] = [
    *(None, True, -1, 1.5, 10**400, "", "\ud800", "data:;base64,"),
    *([], [None], [[]], [{}], {}, {"x": [[None]]}, {"type": "object"}),
]
FIELDS = (
    "model messages max_tokens system stream stop_sequences temperature top_p top_k "
    "tools tool_choice thinking metadata output_config output_format thread unknown"
)
BLOCKS = {
    "text": "text cache_control",
    "thinking": "thinking signature",
    "image": "source",
    "document": "source title context",
    "tool_use": "id name input",
    "tool_result": "tool_use_id content is_error",
    "search_result": "source content",
    "unknown": "content",
}

Make = Callable[[Any], dict[str, Any]]


def said(block: Any) -> dict[str, Any]:
    """By the user and by the model: whoever may say it."""
    messages = [{"role": role, "content": [block]} for role in ("assistant", "user")]
    return {"model": QWEN, "messages": [user(), *messages]}


def tool(value: Any) -> dict[str, Any]:
    return {"tools": [value]}


PLACES: dict[str, Make] = {
    **{field: lambda v, k=field: {k: v} for field in FIELDS.split()},
    **{
        f"{kind} {key}": lambda v, kind=kind, key=key: said({"type": kind, key: v})
        for kind, keys in BLOCKS.items()
        for key in keys.split()
    },
    "message": lambda v: {"messages": [v]},
    "role": lambda v: {"messages": [{"role": v, "content": "x"}]},
    "content": lambda v: {"messages": [{"role": "user", "content": v}]},
    "block": said,
    "system block": lambda v: {"system": [v]},
    "system text": lambda v: {"system": [{"type": "text", "text": v}]},
    "image data": lambda v: said(
        {"type": "image", "source": {"type": "base64", "data": v}}
    ),
    "tool": tool,
    "tool type": lambda v: tool({"name": "f", "type": v}),
    "tool name": lambda v: tool({"name": v, "input_schema": {}}),
    "tool schema": lambda v: tool({"name": "f", "input_schema": v}),
    "tool properties": lambda v: tool({"name": "f", "input_schema": {"properties": v}}),
    "choice": lambda v: {**tool({"name": "f"}), "tool_choice": {"type": v}},
    "choice name": lambda v: {
        **tool({"name": "f"}),
        "tool_choice": {"type": "tool", "name": v},
    },
    "budget": lambda v: {"thinking": {"type": "enabled", "budget_tokens": v}},
    "effort": lambda v: {"output_config": {"effort": v}},
    "format": lambda v: {"output_config": {"format": v}},
    "schema": lambda v: {
        "output_config": {"format": {"type": "json_schema", "schema": v}}
    },
    "stop": lambda v: {"stop_sequences": [v]},
}


@pytest.mark.parametrize("place", PLACES)
def test_any_value_in_any_place(
    client: FlaskClient, app_log: pytest.LogCaptureFixture, place: str
) -> None:
    for value in VALUES:
        body = json.dumps(asking(**PLACES[place](value)))
        answer = client.post(MESSAGES, data=body)

        told = f"{body[:300]}: {answer.status_code} {answer.text[:200]}"
        assert answer.status_code in (200, 400, 404), told
        assert answer.is_json or "message_stop" in answer.text, told
        assert "we built" not in app_log.text, told


@pytest.mark.parametrize("field", ["messages", "system", "tools", "text text"])
def test_any_value_is_counted_or_refused(client: FlaskClient, field: str) -> None:
    for value in VALUES:
        body = json.dumps(asking(**PLACES[field](value)))
        answer = client.post(f"{MESSAGES}/count_tokens", data=body)

        assert answer.status_code in (200, 400), f"{body[:300]}: {answer.text[:200]}"
