"""LiteLLM's two Ollama providers, in an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.pictures import encoded, sight
from tests.dropin.upstream import GPT, LATER, QWEN, asked, failing_midway
from tests.live_server import Server
from tests.processes import PROJECT
from tests.real_parts import require_real

PYTHON = PROJECT / ".venv" / "litellm" / "bin" / "python"
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}
PROVIDERS = ["ollama_chat", "ollama"]
CITIES = ["Oslo", "Rome"]
CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in CITIES]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Forecast the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}

Complete = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def litellm() -> Iterator[subprocess.Popen[str]]:
    require_real(PYTHON)
    [packages] = PYTHON.parents[1].glob("lib/python*/site-packages")
    require_real(packages / "litellm")
    with subprocess.Popen(
        [PYTHON, Path(__file__).with_name("litellm_calls.py")],
        env=os.environ | OFFLINE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        yield program
        program.stdin.close()


@pytest.fixture
def complete(litellm: subprocess.Popen[str], server: Server) -> Complete:
    """Call litellm.completion there."""

    def complete(provider: str, model: str = GPT, **arguments: Any) -> dict[str, Any]:
        call = {
            "model": f"{provider}/{model}",
            "api_base": server.url,
            "num_retries": 0,
            **{"messages": [{"role": "user", "content": "Hello"}], **arguments},
        }
        print(json.dumps(call), file=litellm.stdin, flush=True)
        return json.loads(litellm.stdout.readline())

    return complete


def told(chunks: list[dict[str, Any]], key: str) -> str:
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    return "".join(delta.get(key) or "" for delta in deltas)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_whole_answer_has_all_its_parts(
    complete: Complete, fake: Fake, provider: str
) -> None:
    fake.script({"reasoning": "A greeting.", "content": "Good day."})

    reply = complete(provider, max_tokens=50, temperature=0.2)["reply"]

    [choice] = reply["choices"]
    assert choice["message"]["content"] == "Good day."
    assert choice["message"]["reasoning_content"] == "A greeting."
    assert choice["finish_reason"] == "stop"
    assert reply["usage"]["completion_tokens"] > 0
    sent = asked(fake)
    assert (sent["max_completion_tokens"], sent["temperature"]) == (50, 0.2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_stream_adds_up(complete: Complete, fake: Fake, provider: str) -> None:
    text = "one two three, Zoë 🇳🇴"
    fake.script(
        {
            "reasoning": "Counting.",
            "content": text,
            "write_sizes": [1],
            "write_pause": 0,
        }
    )

    chunks = complete(provider, stream=True)["chunks"]

    assert told(chunks, "content") == text
    assert told(chunks, "reasoning_content") == "Counting."
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_parallel_calls_get_their_results(
    complete: Complete, fake: Fake, stream: bool
) -> None:
    fake.script({"tool_calls": CALLS, "arguments_delta_size": 3})
    fake.script({"content": "In Oslo."})
    messages: list[Any] = [{"role": "user", "content": "Where does it rain?"}]

    first = complete("ollama_chat", messages=messages, tools=[TOOL], stream=stream)
    if stream:
        deltas = [chunk["choices"][0]["delta"] for chunk in first["chunks"]]
        calls = [call for delta in deltas for call in delta.get("tool_calls") or ()]
        reason = first["chunks"][-1]["choices"][0]["finish_reason"]
    else:
        [choice] = first["reply"]["choices"]
        calls, reason = choice["message"]["tool_calls"], choice["finish_reason"]
    messages.append({"role": "assistant", "content": "", "tool_calls": calls})
    for call, result in zip(calls, ["rain", "sun"], strict=True):
        answer = {"role": "tool", "tool_call_id": call["id"], "content": result}
        messages.append(answer)
    second = complete("ollama_chat", messages=messages, tools=[TOOL])

    arguments = [json.loads(call["function"]["arguments"]) for call in calls]
    assert reason == "tool_calls"
    assert [each["city"] for each in arguments] == CITIES
    assert second["reply"]["choices"][0]["message"]["content"] == "In Oslo."
    heard = asked(fake)["messages"]
    assert [m["content"] for m in heard if m["role"] == "tool"] == ["rain", "sun"]
    assert [call["id"] for call in heard[1]["tool_calls"]] == [
        message["tool_call_id"] for message in heard[2:]
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_keeps_to_a_schema(complete: Complete, provider: str) -> None:
    schema = {
        "type": "object",
        "properties": {"capital": {"type": "string"}},
        "required": ["capital"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    reply = complete(provider, response_format=form)["reply"]

    assert json.loads(reply["choices"][0]["message"]["content"])["capital"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_is_json_when_asked(complete: Complete, provider: str) -> None:
    form = {"type": "json_object"}

    chunks = complete(provider, response_format=form, stream=True)["chunks"]

    assert json.loads(told(chunks, "content"))["simulated"] is True


@pytest.mark.parametrize("provider", PROVIDERS)
def test_reasoning_is_as_deep_as_asked(
    complete: Complete, fake: Fake, provider: str
) -> None:
    reply = complete(provider, reasoning_effort="low")["reply"]

    assert reply["choices"][0]["message"]["reasoning_content"]
    assert asked(fake)["reasoning_effort"] == "low"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_picture_is_seen(complete: Complete, provider: str) -> None:
    url = f"data:image/jpeg;base64,{encoded('JPEG')}"
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]

    reply = complete(provider, QWEN, messages=[{"role": "user", "content": parts}])

    assert sight("JPEG") in reply["reply"]["choices"][0]["message"]["content"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_failure_before_the_first_byte_has_its_own_class(
    complete: Complete, fake: Fake, provider: str, stream: bool
) -> None:
    fake.script({"status": 429, "headers": LATER})

    error = complete(provider, stream=stream)["error"]

    assert (error["kind"], error["status"]) == ("RateLimitError", 429)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_unknown_model_is_told(complete: Complete, provider: str) -> None:
    error = complete(provider, "llama9")["error"]

    assert "model 'llama9' not found" in error["message"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_failure_in_mid_stream_is_raised(
    complete: Complete, fake: Fake, provider: str
) -> None:
    fake.script(failing_midway("cut"))

    assert "Cerebras" in complete(provider, stream=True)["error"]["message"]
