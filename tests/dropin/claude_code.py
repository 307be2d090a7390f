"""Requests in the form of Claude Code's; their texts are written here."""

from typing import Any

EPHEMERAL = {"cache_control": {"type": "ephemeral"}}
HEADERS = {
    "Accept": "application/json",
    "Authorization": "Bearer ollama",
    "User-Agent": "claude-cli/2.1.37 (external, cli)",
    "anthropic-beta": (
        "claude-code-20250219,interleaved-thinking-2025-05-14,"
        "context-management-2025-06-27,prompt-caching-scope-2026-01-05"
    ),
    "anthropic-dangerous-direct-browser-access": "true",
    "anthropic-version": "2023-06-01",
    "x-app": "cli",
    "x-stainless-helper-method": "stream",
}
SYSTEM = [
    {
        "type": "text",
        "text": "x-anthropic-billing-header: cc_version=2.1.37.3a3; cc_entrypoint=cli;",
    },
    {
        "type": "text",
        "text": "You are Claude Code, Anthropic's official CLI for Claude.",
        **EPHEMERAL,
    },
    {
        "type": "text",
        "text": "\nYou are an interactive agent.\n" + "- Follow the rules.\n" * 300,
        "cache_control": {"type": "ephemeral", "ttl": "1h", "scope": "global"},
    },
]
REMINDER = {
    "type": "text",
    "text": "<system-reminder>\nToday's date is 2026-11-23.\n</system-reminder>\n",
}


def tool(name: str, required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"The tool {name}.\n\nUsage notes:\n" + "- Mind this.\n" * 40,
        "input_schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        },
    }


def text(description: str = "A text", **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


TODO = {
    "type": "object",
    "properties": {
        "content": text(minLength=1),
        "status": text(enum=["pending", "in_progress", "completed"]),
        "activeForm": text(minLength=1),
    },
    "required": ["content", "status", "activeForm"],
    "additionalProperties": False,
}
OPTION = {
    "type": "object",
    "properties": {"label": text(), "description": text()},
    "required": ["label", "description"],
    "additionalProperties": False,
}
TOOLS = [
    tool(
        "Bash",
        ["command"],
        command=text("The command to execute"),
        timeout={"description": "Milliseconds", "type": "number", "maximum": 600_000},
        run_in_background={"type": "boolean"},
        _simulatedSedEdit={
            "type": "object",
            "properties": {"filePath": text(), "newContent": text()},
            "required": ["filePath", "newContent"],
            "additionalProperties": False,
        },
    ),
    tool(
        "Read",
        ["file_path"],
        file_path=text(),
        offset={"type": "integer", "minimum": 0, "maximum": 9007199254740991},
        limit={"type": "integer", "exclusiveMinimum": 0},
    ),
    tool(
        "Edit",
        ["file_path", "old_string", "new_string"],
        file_path=text(),
        old_string=text(),
        new_string=text(),
        replace_all={"type": "boolean", "default": False},
    ),
    tool("TodoWrite", ["todos"], todos={"type": "array", "items": TODO}),
    tool(
        "AskUserQuestion",
        ["questions"],
        questions={
            "type": "array",
            "minItems": 1,
            "maxItems": 4,
            "items": {"type": "object", "properties": {"options": {"items": OPTION}}},
        },
        answers={
            "type": "object",
            "propertyNames": {"type": "string"},
            "additionalProperties": {"type": "string"},
        },
        metadata={"anyOf": [{"type": "string"}, {"type": "null"}]},
    ),
    tool("mcp__github__create.issue", [], title=text(format="uri")),
    {"name": "EnterPlanMode", "description": "Plan.", "input_schema": {}},
    {**tool("Skill", ["skill"], skill=text()), "defer_loading": True, **EPHEMERAL},
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
    {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
    {"type": "bash_20250124", "name": "bash"},
    {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
]


def make_body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the request of one turn of the agent."""
    return {
        "model": "gpt-oss-120b",
        "max_tokens": 32_000,
        "stream": True,
        "system": SYSTEM,
        "messages": list(messages),
        "tools": TOOLS,
        "metadata": {"user_id": "user_0f_account__session_2b3c"},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "context_management": {
            "edits": [{"type": "clear_thinking_20251015", "keep": "all"}]
        },
        **more,
    }


def message(*blocks: dict[str, Any], role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def text_block(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words, **EPHEMERAL}


def tool_use(use_id: str, name: str, **given: Any) -> dict[str, Any]:
    caller = {"type": "direct"}
    use = {"type": "tool_use", "id": use_id, "name": name, "input": given}
    return {**use, "caller": caller}


def tool_result(use_id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": use_id, "content": content, **more}


HELLO = message(REMINDER, text_block("Fix the tests."))
THOUGHT = {"type": "thinking", "thinking": "Let me look.", "signature": "EqoBCkYIBRgC"}
WORK = message(
    THOUGHT,
    {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"},
    {"type": "text", "text": "I look."},
    tool_use("toolu_01A", "Bash", command="pytest"),
    tool_use("toolu_01B", "Read", file_path="a.py"),
    role="assistant",
)
RESULTS = message(
    text_block("Also be quick."),
    tool_result("toolu_01B", [{"type": "text", "text": "1: import os"}], **EPHEMERAL),
    tool_result("toolu_01A", "Exit code 1", is_error=True),
)
SEARCH = message(
    {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "pytest"},
    },
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [
            {
                "type": "web_search_result",
                "title": "pytest",
                "url": "https://pytest.org",
                "encrypted_content": "EqgfCioIARgBIiQ3YTAw",
            }
        ],
    },
    {"type": "text", "text": "Found.", "citations": [{"type": "x"}]},
    role="assistant",
)
ODD = message(
    {"type": "document", "source": {"type": "base64", "data": "JVBERi0="}},
    {
        "type": "document",
        "title": "Notes",
        "source": {"type": "text", "media_type": "text/plain", "data": "Read me."},
    },
    {"type": "container_upload", "file_id": "file_1"},
    {"type": "mid_conv_system", "content": None},
    {"type": "text", "text": "Go on."},
)
SYSTEM_LATER = {"role": "system", "content": [{"type": "text", "text": "Be kind."}]}
PREFILL = {"role": "assistant", "content": "{"}
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}

# All are answered; none is refused.
BODIES: dict[str, dict[str, Any]] = {
    "first turn": make_body(HELLO),
    "results of tools": make_body(HELLO, WORK, RESULTS),
    "a search of long ago": make_body(HELLO, SEARCH, message(text_block("Thanks."))),
    "odd blocks": make_body(HELLO, WORK, RESULTS, ODD),
    "system in between": make_body(HELLO, SYSTEM_LATER),
    "prefill": make_body(HELLO, PREFILL, tools=[], stream=False),
    "quota probe": {
        "model": "gpt-oss-120b",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "quota"}],
        "metadata": {"user_id": "user_0f"},
    },
    "title": make_body(
        message(text_block("Name this session.")),
        tools=[],
        temperature=1,
        thinking={"type": "disabled"},
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
    ),
    "web search": make_body(
        message(text_block("Search for pytest.")),
        tools=[TOOLS[8]],
        tool_choice={"type": "tool", "name": "web_search"},
    ),
    "budget": make_body(
        HELLO,
        thinking={"type": "enabled", "budget_tokens": 31_999},
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        service_tier="auto",
        container=None,
        mcp_servers=[],
        speed="fast",
        inference_geo="us",
        stop_sequences=["a", "b", "c", "d", "e"],
        top_k=5,
    ),
    "unknown words": make_body(
        HELLO,
        thinking={"type": "between_tools", "x": 1},
        output_config={"effort": "extreme", "task_budget": {"type": "tokens"}},
        tool_choice={"type": "some_day"},
        context_hint={"enabled": True},
        diagnostics={"previous_message_id": None},
        fallbacks=["claude-opus-4-8"],
        thread={"type": "create"},
    ),
}
