"""Convert Anthropic's tools and tool choice to the upstream form."""

from collections.abc import Mapping
from typing import Any

from app.errors import InvalidRequest
from app.translate.messages import function
from app.wire.json_codec import without_none

Tool = Mapping[str, Any]

# How the types of tools begin that Anthropic's server runs. These are left out.
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

# Tools that Claude is trained on, which clients run and send without a schema: the
# beginning of their type, description and properties. The first property is required.
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
    """Return the tools, and the fields that are only valid with tools."""
    tools = [_tool(tool) for tool in body.get("tools") or () if not _is_left_out(tool)]
    if not tools:
        return {}
    choice = body.get("tool_choice") or {}
    names = {tool["function"]["name"] for tool in tools}
    no_parallel_calls = choice.get("disable_parallel_tool_use") is True
    return {
        "tools": tools,
        "tool_choice": _choice(choice, names),
        "parallel_tool_calls": False if no_parallel_calls else None,
    }


def left_out(body: Mapping[str, Any]) -> list[str]:
    """Return the names of the tools that are left out."""
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
    fields = {"description": tool.get("description"), "parameters": schema}
    return function(tool["name"], **_client_tool(tool) | without_none(fields))


def _client_tool(tool: Tool) -> dict[str, Any]:
    """Return the description and parameters of a tool in `CLIENT_TOOLS`, else {}."""
    kind = tool.get("type", "")
    for prefix, (description, properties) in CLIENT_TOOLS.items():
        if kind.startswith(prefix):
            schema = {
                "type": "object",
                "properties": dict(properties),
                "required": [next(iter(properties))],
            }
            return {"description": description, "parameters": schema}
    return {}


def _choice(choice: Mapping[str, Any], names: set[str]) -> Any:
    """Return the tool choice, or None if the chosen tool does not exist."""
    kind, name = choice.get("type"), choice.get("name")
    if kind == "tool" and isinstance(name, str) and name in names:
        return function(name)
    return CHOICES.get(kind) if isinstance(kind, str) else None
