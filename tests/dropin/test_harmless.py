"""What clients send for nothing: accepted, and the answer is as without it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dropin.raw import call
from tests.dropin.upstream import GPT, QWEN
from tests.live_server import Server

USER = {"role": "user", "content": "Hello"}

HARMLESS: dict[str, dict[str, Any]] = {
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


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize("extra", HARMLESS.values(), ids=HARMLESS)
def test_what_clients_send_for_nothing_does_no_harm(
    server: Server, extra: dict[str, Any], model: str, path: str
) -> None:
    body = {"model": model, "messages": [USER], "prompt": "Hello", **extra}

    answer = call(server, "POST", path, body)

    assert answer.status == 200, answer.body
    assert answer.lines[-1]["done_reason"] == "stop"


HARMLESS_ON_V1: dict[str, dict[str, Any]] = {
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


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize("extra", HARMLESS_ON_V1.values(), ids=HARMLESS_ON_V1)
def test_what_clients_send_to_v1_does_no_harm(
    server: Server, extra: dict[str, Any], model: str
) -> None:
    body = {"model": model, "messages": [USER], **extra}

    answer = call(server, "POST", "/v1/chat/completions", body)

    assert answer.status == 200, answer.body
    assert answer.json["choices"][0]["finish_reason"] == "stop"
