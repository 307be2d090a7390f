"""Requests in the form that Codex CLI 0.169.0 sends; texts and ids are invented."""

from typing import Any

from tests.dropin.upstream import GPT

Object = dict[str, Any]

SESSION = "01a2086a-0000-7000-8000-000000000000"


def message(role: str, text: str) -> Object:
    parts = [{"type": "input_text", "text": text}]
    return {"type": "message", "id": f"msg_{SESSION}", "role": role, "content": parts}


def function(name: str, **properties: Object) -> Object:
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties)[:1],
        "additionalProperties": False,
    }
    described = {"description": f"The tool {name}.", "strict": False}
    return {"type": "function", "name": name, **described, "parameters": parameters}


TEXT: Object = {"type": "string", "description": "A text."}
QUESTIONS: Object = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"header": TEXT, "options": {"type": "array", "items": TEXT}},
        "required": ["header"],
        "additionalProperties": False,
    },
}
TOOLS: list[Object] = [
    function(
        "exec_command",
        cmd=TEXT,
        login={"type": "boolean"},
        max_output_tokens={"type": "number"},
        prefix_rule={"type": "array", "items": {"type": "string"}},
        sandbox_permissions={"type": "string", "enum": ["use_default"]},
    ),
    function("write_stdin", session_id={"type": "number"}, chars=TEXT),
    function("request_user_input", questions=QUESTIONS),
    function("view_image", path=TEXT),
    function("get_goal"),
    {
        "type": "custom",
        "name": "apply_patch",
        "description": "Change files with a patch.",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: patch"},
    },
    {
        "type": "namespace",
        "name": "multi_agent_v1",
        "description": "Tools for spawning and managing sub-agents.",
        "tools": [function("close_agent", target=TEXT), function("spawn_agent")],
    },
    {
        "type": "namespace",
        "name": "mcp__sums",
        "description": "",
        "tools": [function("add", a={"type": "number"}, b={"type": "number"})],
    },
    {"type": "tool_search", "execution": "client", "description": "", "parameters": {}},
    {"type": "image_generation", "output_format": "png"},
    {"type": "web_search", "external_web_access": False},
]
INSTRUCTIONS = [
    message("developer", "You are a coding agent running in the Codex CLI."),
    message("developer", "<skills_instructions>None.</skills_instructions>"),
    message("user", "<environment_context><cwd>project</cwd></environment_context>"),
]


def turn(*items: Object, **more: Any) -> Object:
    """Return one request of a session."""
    return {
        "model": GPT,
        "stream": True,
        "input": [*INSTRUCTIONS, *items],
        "tools": TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"summary": "auto"},
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": SESSION,
        "client_metadata": {"turn_id": SESSION, "x-codex-window-id": f"{SESSION}:0"},
        **more,
    }
