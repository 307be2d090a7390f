"""Tools and tool choice of the Anthropic API in the upstream form."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.anthropic.tools import left_out, to_upstream

SCHEMA = {"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}]}}}
LOOK = {"name": "look", "description": "Look.", "input_schema": SCHEMA}


def convert(*tools: Any) -> list[dict[str, Any]]:
    converted = to_upstream({"tools": tools})["tools"]
    return [tool["function"] for tool in converted]


def test_tool_keeps_its_whole_schema() -> None:
    assert convert({**LOOK, "type": "custom"}) == [
        {"name": "look", "description": "Look.", "parameters": SCHEMA}
    ]


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        ("bash_20250124", "command"),
        ("text_editor_20250728", "command"),
        ("memory_20250818", "command"),
        ("computer_20251124", "action"),
    ],
)
def test_client_tools_without_schema_get_one(kind: str, required: str) -> None:
    [function] = convert({"type": kind, "name": "t"})

    assert function["name"] == "t"
    assert function["description"]
    assert function["parameters"]["required"] == [required]


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search_20250305", "name": "s"},
        {"type": "web_fetch_20250910", "name": "s"},
        {"type": "code_execution_20250825", "name": "s"},
        {"type": "tool_search_tool_bm25_20251119", "name": "s"},
        {"type": "mcp_toolset", "mcp_server_name": "s"},
    ],
    ids=lambda tool: tool["type"],
)
def test_server_tools_are_left_out(tool: dict[str, Any]) -> None:
    assert to_upstream({"tools": [tool], "tool_choice": {"type": "any"}}) == {}
    assert left_out({"tools": [tool, LOOK]}) == [tool.get("name", tool["type"])]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ({}, None),
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        (
            {"type": "tool", "name": "look"},
            {"type": "function", "function": {"name": "look"}},
        ),
        ({"type": "tool", "name": "gone"}, None),
        ({"type": "some_day"}, None),
        ({"type": []}, None),
    ],
)
def test_tool_choice_is_converted(choice: Any, expected: Any) -> None:
    request = to_upstream({"tools": [LOOK], "tool_choice": choice})

    assert request["tool_choice"] == expected
    assert request["parallel_tool_calls"] is None


@pytest.mark.parametrize(("disable", "expected"), [(True, False), (False, None)])
def test_parallel_calls_can_be_disabled(disable: bool, expected: Any) -> None:
    choice = {"type": "any", "disable_parallel_tool_use": disable}

    request = to_upstream({"tools": [LOOK], "tool_choice": choice})

    assert request["parallel_tool_calls"] is expected


def test_invalid_schema_is_refused() -> None:
    with pytest.raises(InvalidRequest, match='invalid input_schema for tool "x"'):
        convert({"name": "x", "input_schema": "text"})
