"""Tools and tool choice of the Anthropic API in the upstream form."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.anthropic.tools import left_out, to_upstream
from tests.translate.builders import Json, function

SCHEMA = {"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}]}}}
LOOK = {"name": "look", "description": "Look.", "input_schema": SCHEMA}


def convert(*tools: Any) -> list[Json]:
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
    [converted] = convert({"type": kind, "name": "t"})

    assert converted["name"] == "t"
    assert converted["description"]
    assert converted["parameters"]["required"] == [required]


@pytest.mark.parametrize(
    "kind",
    [
        "web_search_20250305",
        "web_fetch_20250910",
        "code_execution_20250825",
        "tool_search_tool_bm25_20251119",
        "mcp_toolset",
    ],
)
def test_server_tools_are_left_out(kind: str) -> None:
    tool = {"type": kind}

    assert to_upstream({"tools": [tool], "tool_choice": {"type": "any"}}) == {}
    assert left_out({"tools": [tool, tool | {"name": "s"}, LOOK]}) == [kind, "s"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ({}, None),
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "look"}, function("look")),
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
