"""Requests in the very shape in which clients send them, accepted and understood."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.cerebras import Fake
from tests.dropin.pictures import encoded
from tests.dropin.raw import call
from tests.dropin.upstream import GPT, QWEN, asked
from tests.live_server import Server

CHAT, GENERATE, OPENAI = "/api/chat", "/api/generate", "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}
USER = {"role": "user", "content": "Hello"}
SYSTEM = {"role": "system", "content": "Be brief."}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
FUNCTION = {"name": "f", "description": "Does f.", "parameters": SCHEMA}
TOOL = {"type": "function", "function": FUNCTION}


class Sent(NamedTuple):
    """A client's request, and some of what the upstream has to be asked for it."""

    path: str
    body: dict[str, Any]
    upstream: dict[str, Any] = {}
    headers: dict[str, str] = JSON


REQUESTS: dict[str, Sent] = {
    "curl -d": Sent(
        CHAT,
        {"model": GPT, "messages": [USER]},
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "no Content-Type": Sent(CHAT, {"model": GPT, "messages": [USER]}, headers={}),
    "ollama CLI: run with a prompt": Sent(
        GENERATE,
        {
            "model": GPT,
            "prompt": "Hello",
            "suffix": "",
            "system": "",
            "template": "",
            "format": "",
            "options": None,
            "think": None,
            "keep_alive": "5m0s",
            "images": None,
        },
        {"messages": [USER]},
        {**JSON, "Accept": "application/x-ndjson"},
    ),
    "ollama CLI: chat": Sent(
        CHAT,
        {
            "model": GPT,
            "messages": [SYSTEM, USER],
            "format": "",
            "options": {},
            "think": True,
            "keep_alive": -1,
        },
        {"messages": [SYSTEM, USER]},
    ),
    "Zed": Sent(
        CHAT,
        {
            "model": f"{GPT}:latest",
            "messages": [
                SYSTEM,
                {"role": "user", "content": "Hi"},
                {
                    "role": "assistant",
                    "content": "Hey",
                    "tool_calls": None,
                    "thinking": None,
                },
                USER,
            ],
            "stream": True,
            "keep_alive": -1,
            "options": {
                "num_ctx": 16384,
                "num_predict": None,
                "stop": ["END"],
                "temperature": 1.0,
                "top_p": None,
            },
            "tools": [{"type": "function", "function": {**FUNCTION, "x": None}}],
            "think": None,
        },
        {"temperature": 1.0, "stop": ["END"], "tools": [TOOL]},
    ),
    "Home Assistant": Sent(
        CHAT,
        {
            "model": f"{QWEN}:latest",
            "messages": [SYSTEM, USER],
            "tools": [],
            "stream": True,
            "keep_alive": "300s",
            "options": {"num_ctx": 8192.0},
            "think": False,
        },
        {"reasoning_effort": "none"},
    ),
    "Home Assistant: a task with a structure": Sent(
        CHAT,
        {
            "model": GPT,
            "messages": [{**USER, "images": []}],
            "tools": [],
            "format": {**SCHEMA, "required": []},
            "keep_alive": -1,
            "options": {"num_ctx": 8192.0, "num_predict": 64.0},
        },
        {"max_completion_tokens": 64},
    ),
    "ollama-ai-provider": Sent(
        CHAT,
        {
            "model": GPT,
            "messages": [USER],
            "stream": False,
            "think": False,
            "options": {"num_predict": 100, "temperature": 0, "top_p": 1},
        },
        {"temperature": 0, "max_completion_tokens": 100},
    ),
    "Obsidian Copilot": Sent(
        CHAT,
        {"model": GPT, "messages": [USER], "think": True, "options": {"num_ctx": 8192}},
        headers={
            **JSON,
            "Authorization": "Bearer default-key",
            "Origin": "app://obsidian.md",
        },
    ),
    "Enchanted": Sent(
        CHAT,
        {
            "model": QWEN,
            "messages": [{**USER, "images": [encoded("JPEG")]}],
            "options": {"temperature": 0},
        },
        headers={**JSON, "Authorization": "Bearer okki"},
    ),
    "Continue": Sent(
        CHAT,
        {
            "model": GPT,
            "messages": [USER],
            "options": {
                "temperature": 0.2,
                "top_k": 40,
                "num_predict": 2048,
                "stop": ["<|endoftext|>", "a", "b", "c", "d", "e"],
                "num_ctx": 8192,
                "mirostat": 0,
                "num_thread": 8,
                "use_mmap": True,
                "num_gpu": -1,
                "min_p": 0.05,
            },
            "keep_alive": 1800,
            "stream": True,
        },
        {"stop": ["<|endoftext|>", "a", "b", "c"]},
    ),
    "Continue: autocompletion": Sent(
        GENERATE,
        {
            "model": GPT,
            "prompt": "def f(",
            "raw": True,
            "options": {"num_predict": 64, "stop": ["\n"]},
            "keep_alive": 1800,
            "stream": True,
        },
        {"prompt": "def f(", "max_tokens": 64, "stop": ["\n"]},
    ),
    "Open WebUI": Sent(
        CHAT,
        {
            "model": f"{GPT}:latest",
            "messages": [{**USER, "id": "x", "files": []}],
            "stream": True,
            "options": {"temperature": None, "seed": 3},
            "metadata": {"chat_id": "y"},
            "session_id": "z",
            "keep_alive": None,
            "format": None,
        },
        {"messages": [USER], "seed": 3},
    ),
    "Cline": Sent(
        CHAT,
        {
            "model": GPT,
            "messages": [SYSTEM, {**USER, "images": []}],
            "tools": [TOOL],
            "stream": True,
            "options": {"num_ctx": 32768},
        },
        {"messages": [SYSTEM, USER], "tools": [TOOL]},
    ),
    "Dify": Sent(
        CHAT,
        {
            "model": GPT,
            "messages": [USER],
            "think": "low",
            "format": SCHEMA,
            "stream": False,
            "options": {"mirostat": 0, "repeat_penalty": 1.1, "frequency_penalty": 3},
        },
        {"reasoning_effort": "low", "frequency_penalty": 2},
    ),
    "keys in another case": Sent(CHAT, {"MODEL": GPT, "Messages": [USER]}),
    "Goose": Sent(
        OPENAI,
        {
            "model": GPT,
            "messages": [{"role": "developer", "content": "Be brief."}, USER],
            "stream": True,
            "stream_options": {"include_usage": True},
            "tools": [TOOL],
            "temperature": 0,
            "options": {"num_ctx": 128000},
        },
        {"tools": [TOOL], "temperature": 0},
    ),
    "VS Code Copilot Chat": Sent(
        OPENAI,
        {
            "model": QWEN,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
                {"role": "system", "content": "Be kind."},
            ],
            "stream": True,
            "n": 1,
            "top_p": 1,
            "max_tokens": 4096,
            "tools": [TOOL],
            "tool_choice": "auto",
            "prediction": None,
            "user": "me",
        },
        {"tool_choice": "auto", "max_completion_tokens": 4096},
    ),
    "pydantic-ai": Sent(
        OPENAI,
        {
            "model": GPT,
            "messages": [USER],
            "stream": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA},
            },
            "store": False,
        },
    ),
    "OpenCode": Sent(
        OPENAI,
        {
            "model": GPT,
            "messages": [USER],
            "stream": True,
            "max_tokens": 32000,
            "reasoning_effort": "max",
            "tools": [],
        },
        {"reasoning_effort": "high"},
    ),
    "CrewAI": Sent(
        OPENAI,
        {
            "model": f"{GPT}:latest",
            "messages": [USER],
            "stop": ["\nObservation:"],
            "parallel_tool_calls": True,
            "metadata": {"x": "y"},
            "logit_bias": {},
        },
        {"stop": ["\nObservation:"]},
        {**JSON, "Authorization": "Bearer ollama"},
    ),
}


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_accepted_and_understood(
    server: Server, fake: Fake, sent: Sent
) -> None:
    answer = call(server, "POST", sent.path, sent.body, sent.headers)

    assert answer.status == 200, answer.body
    assert {**asked(fake), **sent.upstream} == asked(fake)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("app://obsidian.md", 200),
        ("http://localhost:5173", 200),
        ("https://lobechat.example", 403),
    ],
)
def test_a_page_may_call_when_its_origin_is_known(
    server: Server, origin: str, status: int
) -> None:
    answer = call(server, "GET", "/api/tags", headers={"Origin": origin})

    assert answer.status == status
    allowed = origin if status == 200 else None
    assert answer.headers.get("access-control-allow-origin") == allowed


SHOWS: dict[str, dict[str, Any]] = {
    "ollama CLI": {
        "model": "",
        "system": "",
        "template": "",
        "verbose": False,
        "options": None,
        "name": GPT,
    },
    "Continue": {"name": GPT},
    "Zed": {"model": f"{GPT}:latest"},
}


@pytest.mark.parametrize("body", SHOWS.values(), ids=SHOWS)
def test_show_takes_either_key(server: Server, body: dict[str, Any]) -> None:
    answer = call(server, "POST", "/api/show", body)

    assert answer.status == 200
    assert answer.json["model_info"]["general.architecture"] == "gptoss"
