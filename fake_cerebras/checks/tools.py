"""Tools: what they may not be combined with."""

from __future__ import annotations

from typing import Any

from fake_cerebras.checks import soundness
from fake_cerebras.errors import invalid

MIXED = (
    "Tools with mixed values for 'strict' are not allowed. "
    "Please set all tools to 'strict: true' or 'strict: false'"
)
INCOMPATIBLE = '"tools" is incompatible with "response_format"'


def check(body: dict[str, Any]) -> None:
    tools = body.get("tools") or []
    choice = body.get("tool_choice")
    for tool in tools:
        soundness.check(tool["function"].get("parameters") or {}, "tools")
    if len({bool(tool["function"].get("strict")) for tool in tools}) > 1:
        raise invalid(MIXED, "tools")
    if choice is not None and not tools:  # the text is a guess
        raise invalid("'tool_choice' is only allowed with 'tools'", "tool_choice")
    names = {tool["function"]["name"] for tool in tools}
    if isinstance(choice, dict) and choice["function"]["name"] not in names:
        name = choice["function"]["name"]  # the text is a guess
        raise invalid(f"tool_choice: there is no tool named '{name}'", "tool_choice")
    # Quoted of gpt-oss; unknown of qwen, which is held to it as well. So is `param`.
    if tools and body.get("response_format") is not None:
        raise invalid(INCOMPATIBLE, "response_format")
