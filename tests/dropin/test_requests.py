"""Requests exactly as real clients send them are accepted and translated."""

from typing import Any, NamedTuple

import pytest

from tests.cerebras import Fake
from tests.dropin.raw_http import send_request
from tests.dropin.upstream import GPT, QWEN, encode_image, last_request
from tests.live_server import Server

CHAT, GENERATE, OPENAI = "/api/chat", "/api/generate", "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}
USER = {"role": "user", "content": "Hello"}
SYSTEM = {"role": "system", "content": "Be brief."}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
FUNCTION = {"name": "f", "description": "Does f.", "parameters": SCHEMA}
TOOL = {"type": "function", "function": FUNCTION}


class ClientRequest(NamedTuple):
    """A request of a client, and some fields of the upstream form of it."""

    path: str
    body: dict[str, Any]
    upstream: dict[str, Any]
    headers: dict[str, str]


def request_to(
    path: str,
    upstream: dict[str, Any] | None = None,
    headers: dict[str, str] = JSON,
    **fields: Any,
) -> ClientRequest:
    prompt = {"prompt": "Hello"} if path == GENERATE else {"messages": [USER]}
    body = {"model": GPT, **prompt, **fields}
    return ClientRequest(path, body, upstream or {}, headers)


CONTINUE_OPTIONS = {
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
}
REQUESTS: dict[str, ClientRequest] = {
    "curl -d": request_to(
        CHAT, headers={"Content-Type": "application/x-www-form-urlencoded"}
    ),
    "no Content-Type": request_to(CHAT, headers={}),
    "keys in another case": ClientRequest(
        CHAT, {"MODEL": GPT, "Messages": [USER]}, {}, JSON
    ),
    "ollama CLI: run with a prompt": request_to(
        GENERATE,
        {"messages": [USER]},
        {**JSON, "Accept": "application/x-ndjson"},
        **dict.fromkeys(["suffix", "system", "template", "format"], ""),
        **dict.fromkeys(["options", "think", "images"]),
        keep_alive="5m0s",
    ),
    "ollama CLI: chat": request_to(
        CHAT,
        {"messages": [SYSTEM, USER]},
        messages=[SYSTEM, USER],
        format="",
        options={},
        think=True,
        keep_alive=-1,
    ),
    "Zed": request_to(
        CHAT,
        {"temperature": 1.0, "stop": ["END"], "tools": [TOOL]},
        model=f"{GPT}:latest",
        messages=[
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
        stream=True,
        keep_alive=-1,
        options={
            "num_ctx": 16384,
            "num_predict": None,
            "stop": ["END"],
            "temperature": 1.0,
            "top_p": None,
        },
        tools=[{"type": "function", "function": {**FUNCTION, "x": None}}],
        think=None,
    ),
    "Home Assistant": request_to(
        CHAT,
        {"reasoning_effort": "none"},
        model=f"{QWEN}:latest",
        messages=[SYSTEM, USER],
        tools=[],
        stream=True,
        keep_alive="300s",
        options={"num_ctx": 8192.0},
        think=False,
    ),
    "Home Assistant: a task with a structure": request_to(
        CHAT,
        {"max_completion_tokens": 64},
        messages=[{**USER, "images": []}],
        tools=[],
        format={**SCHEMA, "required": []},
        keep_alive=-1,
        options={"num_ctx": 8192.0, "num_predict": 64.0},
    ),
    "ollama-ai-provider": request_to(
        CHAT,
        {"temperature": 0, "max_completion_tokens": 100},
        stream=False,
        think=False,
        options={"num_predict": 100, "temperature": 0, "top_p": 1},
    ),
    "Obsidian Copilot": request_to(
        CHAT,
        headers={
            **JSON,
            "Authorization": "Bearer default-key",
            "Origin": "app://obsidian.md",
        },
        think=True,
        options={"num_ctx": 8192},
    ),
    "Enchanted": request_to(
        CHAT,
        headers={**JSON, "Authorization": "Bearer okki"},
        model=QWEN,
        messages=[{**USER, "images": [encode_image("JPEG")]}],
        options={"temperature": 0},
    ),
    "Continue": request_to(
        CHAT,
        {"stop": ["<|endoftext|>", "a", "b", "c"]},
        options=CONTINUE_OPTIONS,
        keep_alive=1800,
        stream=True,
    ),
    "Continue: autocompletion": request_to(
        GENERATE,
        {"prompt": "def f(", "max_tokens": 64, "stop": ["\n"]},
        prompt="def f(",
        raw=True,
        options={"num_predict": 64, "stop": ["\n"]},
        keep_alive=1800,
        stream=True,
    ),
    "Open WebUI": request_to(
        CHAT,
        {"messages": [USER], "seed": 3},
        model=f"{GPT}:latest",
        messages=[{**USER, "id": "x", "files": []}],
        stream=True,
        options={"temperature": None, "seed": 3},
        metadata={"chat_id": "y"},
        session_id="z",
        keep_alive=None,
        format=None,
    ),
    "Cline": request_to(
        CHAT,
        {"messages": [SYSTEM, USER], "tools": [TOOL]},
        messages=[SYSTEM, {**USER, "images": []}],
        tools=[TOOL],
        stream=True,
        options={"num_ctx": 32768},
    ),
    "Dify": request_to(
        CHAT,
        {"reasoning_effort": "low", "frequency_penalty": 2},
        think="low",
        format=SCHEMA,
        stream=False,
        options={"mirostat": 0, "repeat_penalty": 1.1, "frequency_penalty": 3},
    ),
    "Goose": request_to(
        OPENAI,
        {"tools": [TOOL], "temperature": 0},
        messages=[{"role": "developer", "content": "Be brief."}, USER],
        stream=True,
        stream_options={"include_usage": True},
        tools=[TOOL],
        temperature=0,
        options={"num_ctx": 128000},
    ),
    "VS Code Copilot Chat": request_to(
        OPENAI,
        {"tool_choice": "auto", "max_completion_tokens": 4096},
        model=QWEN,
        messages=[
            SYSTEM,
            {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
            {"role": "system", "content": "Be kind."},
        ],
        stream=True,
        n=1,
        top_p=1,
        max_tokens=4096,
        tools=[TOOL],
        tool_choice="auto",
        prediction=None,
        user="me",
    ),
    "pydantic-ai": request_to(
        OPENAI,
        stream=False,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA},
        },
        store=False,
    ),
    "OpenCode": request_to(
        OPENAI,
        {"reasoning_effort": "high"},
        stream=True,
        max_tokens=32000,
        reasoning_effort="max",
        tools=[],
    ),
    "CrewAI": request_to(
        OPENAI,
        {"stop": ["\nObservation:"]},
        {**JSON, "Authorization": "Bearer ollama"},
        model=f"{GPT}:latest",
        stop=["\nObservation:"],
        parallel_tool_calls=True,
        metadata={"x": "y"},
        logit_bias={},
    ),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_request_is_accepted_and_translated(
    server: Server, fake: Fake, request_: ClientRequest
) -> None:
    path, body, upstream, headers = request_

    response = send_request(server, "POST", path, body, headers)

    assert response.status == 200, response.body
    assert {**last_request(fake), **upstream} == last_request(fake)


# Fields that clients send without need. They must not fail the request.
NATIVE_FIELDS: dict[str, dict[str, Any]] = {
    "tools": {"tools": []},
    "think": {"think": False},
    "format": {"format": ""},
    "options": {"options": {}},
    "nulls": dict.fromkeys(["tools", "think", "format", "options", "keep_alive"]),
    "images": {"images": []},
    "context": {"context": []},
    "texts": {"suffix": "", "system": "", "template": ""},
    "unknown": {"width": 0, "height": 0, "anything": {"else": 1}},
    "floats": {"logprobs": True, "top_logprobs": 2.0},
    "keep_alive 0": {"keep_alive": 0},
    "keep_alive 1.5": {"keep_alive": 1.5},
    "keep_alive 5m": {"keep_alive": "5m"},
    "keep_alive -1": {"keep_alive": -1},
    "keep_alive -1s": {"keep_alive": "-1s"},
    "keep_alive 24h": {"keep_alive": "24h0m0s"},
}
V1_FIELDS: dict[str, dict[str, Any]] = {
    "nulls": dict.fromkeys(
        ["tools", "tool_choice", "stop", "max_tokens", "temperature", "prediction"]
        + ["response_format", "reasoning", "reasoning_effort", "stream_options"]
    ),
    "tools": {"tools": [], "tool_choice": "auto", "parallel_tool_calls": False},
    "functions": {"functions": [], "function_call": "auto"},
    "text": {"response_format": {"type": "text"}, "modalities": ["text"]},
    "one answer": {"n": 1, "best_of": 1, "logit_bias": {}, "verbosity": "low"},
    "floats": {"max_tokens": 1000.0, "seed": 3.0},
    "no limit": {"max_tokens": -1},
    "both limits": {"max_tokens": 1000, "max_completion_tokens": 900},
    "many stops": {"stop": ["a1", "b2", "c3", "d4", "e5"]},
    "penalties": {"frequency_penalty": 0.5, "presence_penalty": -0.5},
    "top_logprobs alone": {"top_logprobs": 2},
    "usage of a whole answer": {"stream_options": {"include_usage": True}},
    "accounts": {"user": "me", "store": False, "metadata": {}, "service_tier": "auto"},
    "Ollama's own": {"options": {"num_ctx": 1}, "keep_alive": "5m", "format": "json"},
    "reasoning": {"reasoning": {"effort": "low", "summary": "auto"}},
    "prediction": {"prediction": {"type": "content", "content": "Hello"}},
}
FIELDS = [
    pytest.param(path, fields, id=f"{path} {name}")
    for path, table in [
        (CHAT, NATIVE_FIELDS),
        (GENERATE, NATIVE_FIELDS),
        (OPENAI, V1_FIELDS),
    ]
    for name, fields in table.items()
]


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize(("path", "fields"), FIELDS)
def test_needless_fields_are_accepted(
    server: Server, path: str, fields: dict[str, Any], model: str
) -> None:
    body = {"model": model, "messages": [USER], "prompt": "Hello", **fields}

    response = send_request(server, "POST", path, body)

    assert response.status == 200, response.body
    if path == OPENAI:
        assert response.json["choices"][0]["finish_reason"] == "stop"
    else:
        assert response.lines[-1]["done_reason"] == "stop"
