"""Replies have the shapes that the parsers of clients require.

The clients are not installed here; the shapes are read from their sources. A comment
names clients that need the value. In some of them an entry of another shape hides the
whole list of models.
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
    all_of,
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


def context_length_of_architecture(model_info: dict[str, Any]) -> bool:
    family = model_info["general.architecture"]
    return is_positive(model_info[f"{family}.context_length"])


def first_context_length(model_info: dict[str, Any]) -> bool:
    """Accept the first such key, as LiteLLM, LlamaIndex and Roo Code do."""
    lengths = (value for key, value in model_info.items() if "context_length" in key)
    return is_positive(next(lengths))


def parameters_with_num_ctx(text: str) -> bool:
    matches = [PARAMETER.fullmatch(line) for line in text.split("\n")]
    return all(matches) and "num_ctx" in {match[1] for match in matches if match}


DETAILS = {  # Page Assist, Spring AI
    "format": str,
    "family": str,
    "parameter_size": str,
    "quantization_level": str,
}
LISTED: Shape = {
    "name": re.compile(r"[^:]+:latest"),  # Spring AI
    "model": str,  # llm-ollama, VS Code Copilot Chat
    "digest": DIGEST,  # llm-ollama, ollama CLI
    "size": is_positive,  # ollama CLI
    "modified_at": INSTANT,  # Spring AI, ollama CLI
    "details": {**DETAILS, "families": [str], "parent_model": str},  # Zed, Roo Code
    "capabilities": excludes("embedding"),
}
SHOWN: Shape = {
    "capabilities": all_of(
        [str],  # Zed, oterm
        contains("completion", "tools"),  # Roo Code, VS Code Copilot Chat
        excludes("insert"),
    ),
    "details": DETAILS,
    "model_info": all_of(first_context_length, context_length_of_architecture),
    "modified_at": INSTANT,  # Spring AI
    "parameters": parameters_with_num_ctx,  # Continue
    "remote_host": excludes("ollama.com"),  # ollama CLI
    "remote_model": str,  # VS Code Copilot Chat
    "template": all_of(contains("Tools"), excludes(".Suffix")),  # LiteLLM, Continue
}


def test_listed_models_are_parsed_by_all_clients(server: Server) -> None:
    models = send_request(server, "GET", "/api/tags").json["models"]
    details = [
        send_request(server, "POST", "/api/show", {"model": model["model"]}).json
        for model in models
    ]

    assert models
    assert list(find_mismatches(models, [LISTED])) == []
    assert list(find_mismatches(details, [SHOWN])) == []


LOADED: Shape = {
    "name": str,
    "model": str,
    "digest": DIGEST,
    "size": is_positive,
    "size_vram": is_positive,
    "expires_at": all_of(INSTANT, PYTHON_3_10),  # Raycast, Open WebUI
    "context_length": is_positive,
    "details": DETAILS,
}


@pytest.mark.parametrize("keep_alive", ["10m", -1])
def test_loaded_model_is_parsed_by_all_clients(
    server: Server, keep_alive: str | int
) -> None:
    load = {"model": GPT, "prompt": "", "keep_alive": keep_alive}
    send_request(server, "POST", "/api/generate", load)

    models = send_request(server, "GET", "/api/ps").json["models"]

    assert models
    assert list(find_mismatches(models, [LOADED])) == []
    for model in models:
        assert datetime.fromisoformat(model["expires_at"]) > datetime.now().astimezone()
        assert model["size_vram"] == model["size"]  # else the CLI shows a CPU share


CALL = {"name": "get_weather", "arguments": {"city": "Oslo"}}
TOOL = {"type": "function", "function": {"name": "get_weather"}}
COUNTERS = [
    *("total_duration", "load_duration", "prompt_eval_count"),
    *("prompt_eval_duration", "eval_count", "eval_duration"),
]


def complete_calls(message: dict[str, Any]) -> bool:
    """Accept no calls, or complete calls whose arguments are objects."""
    function = {"index": is_count, "name": str, "arguments": dict}
    shape = [{"id": str, "function": function}]
    return not list(find_mismatches(message.get("tool_calls", []), shape))


LINE: Shape = {
    "model": str,  # Zed, LiteLLM
    "created_at": INSTANT,  # Spring AI, ollama CLI
    "message": all_of(
        {"role": one_of("assistant"), "content": str},  # Zed, ollama-ai-provider
        complete_calls,  # Raycast, ollama CLI
    ),
    "done": bool,
}
LAST_LINE: Shape = {"done_reason": str, **dict.fromkeys(COUNTERS, is_positive)}


@pytest.mark.parametrize("stream", [True, False])
def test_lines_of_a_chat_are_parsed_by_all_clients(
    server: Server, fake: Fake, stream: bool
) -> None:
    fake.script(
        {"reasoning": "Hm.", "content": "Let me see. ", "tool_calls": [CALL, CALL]}
    )
    body = {"model": QWEN, "messages": HELLO, "tools": [TOOL], "stream": stream}

    response = send_request(server, "POST", "/api/chat", body)

    lines = response.lines if stream else [response.json]
    assert list(find_mismatches(lines, [LINE])) == []
    assert list(find_mismatches(lines[-1], LAST_LINE)) == []
    assert [each["done"] for each in lines] == [False] * (len(lines) - 1) + [True]
