"""The official JavaScript client, against a live server."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from tests.cerebras import Fake
from tests.dropin import javascript
from tests.dropin.pictures import SHOWN_AS, encoded, sight
from tests.dropin.upstream import GPT, LATER, QWEN, asked, failing_midway
from tests.live_server import Server

HELLO = [{"role": "user", "content": "Hello"}]
CALL = {"name": "get_weather", "arguments": {"city": "Oslo", "days": 2}}

Play = Callable[..., Any]


class Country(BaseModel):
    name: str
    capital: str
    population: int


@pytest.fixture
def play(server: Server) -> Play:
    """Play a scenario in front of the server."""
    return partial(javascript.play, server.url)


def test_models_are_listed_shown_loaded_and_unloaded(play: Play) -> None:
    told = play("models", model=GPT)

    assert [int(part) for part in told["version"].split(".")] >= [0, 6, 4]
    assert sorted(told["listed"]) == [f"{GPT}:latest", f"{QWEN}:latest"]
    assert {"completion", "tools", "thinking"} <= set(told["capabilities"])
    assert told["context_length"] == 131_072
    assert told["reasons"] == ["load", "unload"]
    assert [f"{GPT}:latest", True] in told["running"]
    assert f"{GPT}:latest" not in told["left"]


def test_a_conversation_streams_with_a_tool_call_and_its_result(
    play: Play, fake: Fake
) -> None:
    fake.script(
        {
            "reasoning": "I need the tool.",
            "tool_calls": [CALL],
            "arguments_delta_size": 3,
        }
    )
    fake.script(
        {"content": "Yes, for two days. 🇳🇴", "write_sizes": [1], "write_pause": 0}
    )

    told = play("tools", model=GPT, prompt="Will it rain?", result="rain")

    [call] = told["first"]["tool_calls"]
    assert call["function"] == {"index": 0, **CALL}
    assert told["first"]["thinking"] == "I need the tool."
    assert told["second"]["content"] == "Yes, for two days. 🇳🇴"
    *_, assistant, result = asked(fake)["messages"]
    assert assistant["reasoning"] == "I need the tool."
    assert result["tool_call_id"] == assistant["tool_calls"][0]["id"]
    assert result["content"] == "rain"


@pytest.mark.parametrize("kind", SHOWN_AS)
def test_a_picture_is_seen(play: Play, kind: str) -> None:
    in_chat, in_generate = play("picture", model=QWEN, base64=encoded(kind))

    assert sight(kind) in in_chat
    assert sight(kind) in in_generate


def test_an_answer_keeps_to_a_schema(play: Play) -> None:
    schema = Country.model_json_schema()

    answers = play("schema", model=GPT, prompt="About Canada?", format=schema)

    assert [Country.model_validate_json(answer) for answer in answers]


def test_an_answer_is_json_when_asked(play: Play) -> None:
    answers = play("schema", model=QWEN, prompt="About Canada?", format="json")

    assert [type(json.loads(answer)) for answer in answers] == [dict, dict]


@pytest.mark.parametrize(
    ("model", "think", "effort", "thinks"),
    [
        (GPT, "low", "low", True),
        (GPT, False, "low", False),
        (QWEN, "low", "low", True),
        (QWEN, False, "none", False),
    ],
)
def test_thinking_is_as_deep_as_asked(
    play: Play, fake: Fake, model: str, think: bool | str, effort: str, thinks: bool
) -> None:
    message = play("thinking", model=model, think=think)

    assert message["content"]
    assert bool(message["thinking"]) is thinks
    assert asked(fake)["reasoning_effort"] == effort


def test_generate_goes_on_where_its_context_ends(play: Play, fake: Fake) -> None:
    fake.script({"content": "Nice to meet you, Ada."})

    first, second = play("generate", model=GPT, prompts=["I am Ada.", "Who am I?"])

    heard = asked(fake)["messages"]
    assert [message["content"] for message in heard] == [
        "I am Ada.",
        first,
        "Who am I?",
    ]
    assert second


@pytest.mark.parametrize("by", ["iterator", "client"])
def test_abort_ends_the_stream_upstream_too(play: Play, fake: Fake, by: str) -> None:
    fake.script(
        {"content": "one two three", "delta_size": 3, "after": 3, "hold": "never"}
    )

    told = play("abort", model=GPT, prompt="Count", by=by)

    assert told["told"]
    assert told["error"] == "AbortError"
    [record] = fake.inference_requests()
    assert fake.wait_for_disconnect(record["id"])


REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "an unknown model": (
        "chat",
        {"model": "llama9", "messages": HELLO},
        404,
        "model 'llama9' not found",
    ),
    "an unknown model in a stream": (
        "generate",
        {"model": "llama9", "prompt": "Hi", "stream": True},
        404,
        "model 'llama9' not found",
    ),
    "a suffix": (
        "generate",
        {"model": GPT, "prompt": "def f(", "suffix": "return"},
        400,
        f"registry.ollama.ai/library/{GPT}:latest does not support insert",
    ),
}


@pytest.mark.parametrize(
    ("call", "request_", "status", "text"), REFUSED.values(), ids=REFUSED
)
def test_a_refusal_is_a_response_error(
    play: Play, call: str, request_: dict[str, Any], status: int, text: str
) -> None:
    error = play("failing", call=call, request=request_)["error"]

    assert error == {"name": "ResponseError", "message": text, "status": status}


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_byte_keeps_its_status(
    play: Play, fake: Fake, stream: bool
) -> None:
    fake.script({"status": 429, "headers": LATER})

    request = {"model": GPT, "messages": HELLO, "stream": stream}
    error = play("failing", call="chat", request=request)["error"]

    assert (error["name"], error["status"]) == ("ResponseError", 429)
    assert "limit exceeded" in error["message"]


@pytest.mark.parametrize("fault", ["in_stream_error", "cut"])
def test_a_failure_in_mid_stream_is_thrown(play: Play, fake: Fake, fault: str) -> None:
    fake.script(failing_midway(fault))

    request = {"model": GPT, "messages": HELLO, "stream": True}
    played = play("failing", call="chat", request=request)

    assert played["told"]
    assert "Cerebras" in played["error"]["message"]
    assert not any(part["done"] for part in played["told"])


@pytest.mark.parametrize("stream", [False, True])
def test_a_pull_ends_in_success(play: Play, stream: bool) -> None:
    played = play("failing", call="pull", request={"model": GPT, "stream": stream})

    assert "error" not in played
    assert played["told"][-1] == {"status": "success"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("call", "model", "text"),
    [
        ("pull", "nope", "pull model manifest: file does not exist"),
        ("push", GPT, "models that run on Cerebras have no files"),
    ],
)
def test_a_failed_transfer_is_thrown(
    play: Play, call: str, model: str, text: str, stream: bool
) -> None:
    request = {"model": model, "stream": stream}
    error = play("failing", call=call, request=request)["error"]

    assert error["message"].startswith(text)
    assert error.get("status") == (None if stream else 500)
