"""Replies have the shapes that the parsers of clients require.

The clients are not installed here; the shapes are read from their sources. In some of
them an entry of another shape hides the whole list of models.
"""

import re
from datetime import datetime
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.raw_http import send_request
from tests.dropin.shapes import (
    DIGEST,
    INSTANT,
    PYTHON_3_10,
    Shape,
    contains,
    excludes,
    find_mismatches,
    is_count,
    is_positive,
    one_of,
)
from tests.dropin.upstream import GPT, QWEN
from tests.live_server import Server

HELLO = [{"role": "user", "content": "Hello"}]
PARAMETER = re.compile(r'(\S+)\s+((?:".*")|\S+)')

DETAILS = {
    "format": str,
    "family": str,
    "parameter_size": str,
    "quantization_level": str,
}


def context_length_of_architecture(model_info: dict[str, Any]) -> bool:
    family = model_info["general.architecture"]
    return is_positive(model_info[f"{family}.context_length"])


def first_context_length(model_info: dict[str, Any]) -> bool:
    """Accept the first such key, as LiteLLM and LlamaIndex do."""
    lengths = (value for key, value in model_info.items() if "context_length" in key)
    return is_positive(next(lengths))


def parameters_with_num_ctx(text: str) -> bool:
    matches = [PARAMETER.fullmatch(line) for line in text.split("\n")]
    return all(matches) and "num_ctx" in {match[1] for match in matches if match}


# Client -> (shape of an entry of /api/tags, shape of /api/show of that model).
LISTS: dict[str, tuple[Shape, Shape]] = {
    "Zed": (
        {
            "name": str,
            "modified_at": str,
            "size": is_count,
            "digest": str,
            "details": {**DETAILS, "families": [str]},
        },
        {"capabilities": [str]},
    ),
    "Roo Code": (
        {"name": str, "details": {**DETAILS, "families": [str], "parent_model": str}},
        {"model_info": first_context_length, "capabilities": contains("tools")},
    ),
    "AnythingLLM": (
        {"name": str},
        {"capabilities": [str], "model_info": first_context_length},
    ),
    "VS Code Copilot Chat": (
        {"model": str},
        {
            "capabilities": contains("tools"),
            "model_info": context_length_of_architecture,
            "remote_model": str,
        },
    ),
    "Continue": (
        {"name": str},
        {"parameters": parameters_with_num_ctx, "template": excludes(".Suffix")},
    ),
    "LiteLLM": (
        {"name": str},
        {"template": contains("Tools"), "model_info": first_context_length},
    ),
    "llm-ollama": (
        {"model": str, "digest": DIGEST},
        {"capabilities": contains("completion"), "model_info": dict},
    ),
    "Spring AI": (
        {"name": re.compile(r"[^:]+:latest"), "modified_at": INSTANT, "size": is_count},
        {"modified_at": INSTANT, "capabilities": [str], "details": DETAILS},
    ),
    "oterm": (
        {"model": str},
        {"capabilities": [str], "parameters": str, "model_info": dict},
    ),
    "Page Assist": ({"details": DETAILS}, {}),
    "ollama CLI": (
        {"name": str, "digest": DIGEST, "size": is_positive, "modified_at": INSTANT},
        {"details": DETAILS, "remote_host": lambda host: "ollama.com" not in host},
    ),
    "all: not possible": (
        {"capabilities": excludes("embedding")},
        {"capabilities": excludes("insert")},
    ),
}


def list_models(server: Server) -> list[dict[str, Any]]:
    models: list[dict[str, Any]]
    models = send_request(server, "GET", "/api/tags").json["models"]
    assert models
    return models


@pytest.mark.parametrize(("entry", "shown"), LISTS.values(), ids=LISTS)
def test_list_entry_and_show_are_parsed_by_the_client(
    server: Server, entry: Shape, shown: Shape
) -> None:
    models = list_models(server)
    details = [
        send_request(server, "POST", "/api/show", {"model": model["model"]}).json
        for model in models
    ]

    assert list(find_mismatches(models, [entry])) == []
    assert list(find_mismatches(details, [shown])) == []


def test_enchanted_finds_vision_in_the_families(server: Server) -> None:
    for model in list_models(server):
        has_clip = bool({"clip", "mllama"} & set(model["details"]["families"]))
        assert has_clip is ("vision" in model["capabilities"])


def test_version_is_new_enough_for_codex(server: Server) -> None:
    version = send_request(server, "GET", "/api/version").json["version"]

    assert [int(part) for part in version.split(".")] >= [0, 13, 4]


PS: dict[str, Shape] = {
    "Open WebUI": {"model": str, "expires_at": PYTHON_3_10},
    "Raycast": {"name": str, "expires_at": INSTANT, "size_vram": is_count},
    "ollama CLI": {
        "name": str,
        "digest": DIGEST,
        "size": is_positive,
        "size_vram": is_positive,
        "expires_at": INSTANT,
        "context_length": is_positive,
        "details": DETAILS,
    },
}


@pytest.mark.parametrize("keep_alive", ["10m", -1])
@pytest.mark.parametrize("shape", PS.values(), ids=PS)
def test_loaded_model_is_parsed_by_the_client(
    server: Server, shape: Shape, keep_alive: str | int
) -> None:
    load = {"model": GPT, "prompt": "", "keep_alive": keep_alive}
    send_request(server, "POST", "/api/generate", load)

    models = send_request(server, "GET", "/api/ps").json["models"]

    assert models
    assert list(find_mismatches(models, [shape])) == []
    for model in models:
        assert datetime.fromisoformat(model["expires_at"]) > datetime.now().astimezone()
        assert model["size_vram"] == model["size"]  # else the CLI shows a CPU share


CALL = {"name": "get_weather", "arguments": {"city": "Oslo"}}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Forecast the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
COUNTERS = dict.fromkeys(
    [
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
    ],
    is_positive,
)
ROLE = one_of("assistant")


def complete_calls(message: dict[str, Any]) -> bool:
    """Accept no calls, or complete calls whose arguments are objects."""
    function = {"index": is_count, "name": str, "arguments": dict}
    shape = [{"id": str, "function": function}]
    return not list(find_mismatches(message.get("tool_calls", []), shape))


# Client -> (shape of each line of a chat, shape of the last line).
CHATS: dict[str, tuple[Shape, Shape]] = {
    "Zed": (
        {
            "model": str,
            "created_at": str,
            "message": {"role": ROLE, "content": str},
            "done": bool,
        },
        {"done_reason": str, "prompt_eval_count": is_count, "eval_count": is_count},
    ),
    "ollama CLI": ({"created_at": INSTANT, "message": complete_calls}, COUNTERS),
    "Raycast": ({"created_at": str, "message": complete_calls}, {"done": bool}),
    "Dify": ({"message": {"content": str}}, {**COUNTERS, "done_reason": str}),
    "ollama-ai-provider": ({"message": {"role": ROLE, "content": str}}, COUNTERS),
    "Spring AI": ({"created_at": INSTANT, "done": bool}, COUNTERS),
    "LiteLLM": ({"message": dict, "done": bool, "model": str}, COUNTERS),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("line", "last"), CHATS.values(), ids=CHATS)
def test_lines_of_a_chat_are_parsed_by_the_client(
    server: Server, fake: Fake, line: Shape, last: Shape, stream: bool
) -> None:
    fake.script(
        {"reasoning": "Hm.", "content": "Let me see. ", "tool_calls": [CALL, CALL]}
    )
    body = {"model": QWEN, "messages": HELLO, "tools": [TOOL], "stream": stream}

    response = send_request(server, "POST", "/api/chat", body)

    lines = response.lines if stream else [response.json]
    assert list(find_mismatches(lines, [line])) == []
    assert list(find_mismatches(lines[-1], last)) == []
    assert [each["done"] for each in lines] == [False] * (len(lines) - 1) + [True]


def test_ollama_ai_provider_finds_the_context_in_the_last_line(server: Server) -> None:
    body = {"model": GPT, "prompt": "Hello"}

    *lines, last = send_request(server, "POST", "/api/generate", body).lines

    shape = {**COUNTERS, "context": [is_count]}
    assert list(find_mismatches(last, shape)) == []
    assert last["context"]
    assert not any("context" in line for line in lines)


def chunk_shape(role: Any) -> Shape:
    delta = {"content": str} | ({"role": role} if role else {})
    return {
        "id": str,
        "object": one_of("chat.completion.chunk"),
        "created": is_count,
        "model": str,
        "choices": [{"index": is_count, "delta": delta}],
    }


def test_chunks_are_parsed_by_the_ai_sdk(server: Server, fake: Fake) -> None:
    """The role is in the first chunk only, because accumulators join the roles."""
    fake.script({"content": "Let me see. ", "tool_calls": [CALL, CALL]})
    request = {"model": QWEN, "messages": HELLO, "tools": [TOOL], "stream": True}
    body = request | {"stream_options": {"include_usage": True}}

    response = send_request(server, "POST", "/v1/chat/completions", body)

    first, *chunks, calls, end, usage = response.events
    assert list(find_mismatches(first, chunk_shape(ROLE))) == []
    assert list(find_mismatches([*chunks, calls], [chunk_shape(None)])) == []
    deltas = [chunk["choices"][0]["delta"] for chunk in [*chunks, calls, end]]
    assert not any("role" in delta for delta in deltas)
    tool_calls = calls["choices"][0]["delta"]["tool_calls"]
    assert [each["index"] for each in tool_calls] == [0, 1]
    assert len({each["id"] for each in tool_calls}) == 2
    assert end["choices"][0]["finish_reason"] == "tool_calls"
    assert usage["choices"] == []
    assert is_positive(usage["usage"]["total_tokens"])
