"""Tools and the choice among them, from Anthropic's words to the upstream's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import InvalidRequest

Tool = Mapping[str, Any]

# Tools that Anthropic itself runs, by the start of their type; nobody does here.
SERVER_TOOLS = (
    "web_search",
    "web_fetch",
    "code_execution",
    "tool_search_tool",
    "advisor",
    "mcp_toolset",
)

CHOICES = {"auto": "auto", "any": "required", "none": "none"}

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
FILE = {"command": STRING, "path": STRING, "file_text": STRING, "old_str": STRING}
EDITING = {"new_str": STRING, "insert_line": INTEGER, "insert_text": STRING}
RANGE = {"view_range": {"type": "array", "items": INTEGER}}

# Tools that Claude knows by heart and clients send without a schema, by the start of
# their type: what they are for, and their input. The first of the input is required.
CLIENT_TOOLS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "bash_": (
        "Run a command in a shell that stays open; `restart` opens a new one.",
        {"command": STRING, "restart": {"type": "boolean"}},
    ),
    "text_editor_": (
        "Look at files and change them. `command` is one of view, create, str_replace "
        "and insert.",
        {**FILE, **EDITING, **RANGE},
    ),
    "memory_": (
        "Keep notes in files below /memories. `command` is one of view, create, "
        "str_replace, insert, delete and rename.",
        {**FILE, **EDITING, **RANGE, "old_path": STRING, "new_path": STRING},
    ),
    "computer_": (
        "Use the screen, mouse and keyboard. `action` is one of screenshot, "
        "left_click, right_click, double_click, mouse_move, left_click_drag, type, "
        "key, scroll and wait.",
        {
            "action": STRING,
            "coordinate": {"type": "array", "items": INTEGER},
            "start_coordinate": {"type": "array", "items": INTEGER},
            "text": STRING,
            "scroll_direction": STRING,
            "scroll_amount": INTEGER,
            "duration": INTEGER,
        },
    ),
}


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """Tools, and what is only valid beside them."""
    tools = [_tool(tool) for tool in body.get("tools") or () if not _is_left_out(tool)]
    if not tools:
        return {}
    choice = body.get("tool_choice") or {}
    names = {tool["function"]["name"] for tool in tools}
    serial = choice.get("disable_parallel_tool_use") is True
    return {
        "tools": tools,
        "tool_choice": _choice(choice, names),
        "parallel_tool_calls": False if serial else None,
    }


def left_out(body: Mapping[str, Any]) -> list[str]:
    """The tools that nobody runs here."""
    tools = [tool for tool in body.get("tools") or () if _is_left_out(tool)]
    return [tool.get("name") or tool.get("type") or "" for tool in tools]


def _is_left_out(tool: Tool) -> bool:
    return not tool.get("name") or tool.get("type", "").startswith(SERVER_TOOLS)


def _tool(tool: Tool) -> dict[str, Any]:
    schema = tool.get("input_schema")
    if schema is not None and not isinstance(schema, dict):
        raise InvalidRequest(
            f'invalid input_schema for tool "{tool["name"]}": it is no JSON schema'
        )
    function = {
        "name": tool["name"],
        "description": tool.get("description"),
        "parameters": schema,
    }
    return {"type": "function", "function": _known(tool) | _given(function)}


def _known(tool: Tool) -> dict[str, Any]:
    kind = tool.get("type", "")
    for start, (description, properties) in CLIENT_TOOLS.items():
        if kind.startswith(start):
            schema = {
                "type": "object",
                "properties": dict(properties),
                "required": [next(iter(properties))],
            }
            return {"description": description, "parameters": schema}
    return {}


def _given(function: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in function.items() if value is not None}


def _choice(choice: Mapping[str, Any], names: set[str]) -> Any:
    """A tool that is not there is no choice."""
    kind, name = choice.get("type"), choice.get("name")
    if kind == "tool" and isinstance(name, str) and name in names:
        return {"type": "function", "function": {"name": name}}
    return CHOICES.get(kind) if isinstance(kind, str) else None
