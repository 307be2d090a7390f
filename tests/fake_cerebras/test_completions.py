"""Whole responses: their shape, their usage, and the limits of a request."""

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import COMPLETIONS, GPT, QWEN, post, post_script


def test_response_has_the_real_shape(fake: Fake) -> None:
    body = post_script(fake, {"content": "4", "reasoning": "The user asks"}).json

    assert list(body) == [
        *("id", "choices", "created", "model", "system_fingerprint", "object"),
        *("usage", "time_info"),
    ]
    assert body["id"].startswith("chatcmpl-")
    assert body["object"] == "chat.completion"
    assert body["system_fingerprint"].startswith("fp_")
    message = {"content": "4", "reasoning": "The user asks", "role": "assistant"}
    choice = {"finish_reason": "stop", "index": 0, "message": message}
    assert json.dumps(body["choices"]) == json.dumps([choice])
    times = body["time_info"]  # in seconds
    parts = [times[f"{part}_time"] for part in ("queue", "prompt", "completion")]
    assert int(times["created"]) == body["created"]
    assert all(0 < part < 1 for part in parts)
    assert times["total_time"] >= sum(parts)


PREDICTIONS = {"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}


@pytest.mark.parametrize(
    ("model", "completion_details", "prompt_details"),
    [
        (GPT, {**PREDICTIONS, "reasoning_tokens": 2}, {"cached_tokens": 0}),
        (QWEN, {"reasoning_tokens": 2}, {"cached_tokens": 0, "image_tokens": 0}),
    ],
    ids=[GPT, QWEN],
)
def test_usage_adds_up(
    fake: Fake, model: str, completion_details: Any, prompt_details: Any
) -> None:
    script = {"content": "a b c", "reasoning": "d e"}

    usage = post_script(fake, script, model=model).json["usage"]

    assert usage["completion_tokens"] == 5
    assert usage["total_tokens"] == usage["prompt_tokens"] + 5
    assert usage["completion_tokens_details"] == completion_details
    assert usage["prompt_tokens_details"] == prompt_details


def test_tool_call_has_the_real_shape(fake: Fake) -> None:
    script = {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]}

    choice = post_script(fake, script).choice

    (call,) = choice["message"]["tool_calls"]
    call_id = call.pop("id")
    assert choice["finish_reason"] == "tool_calls"
    assert list(choice["message"]) == ["role", "tool_calls"]
    assert len(call_id) == 9
    assert int(call_id, 16) >= 0
    assert call == {
        "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
        "type": "function",
    }


def test_script_sets_call_id_broken_arguments_and_finish_reason(fake: Fake) -> None:
    call = {"name": "x", "arguments": '{"a": ', "id": "call_1"}

    choice = post_script(
        fake, {"tool_calls": [call], "finish_reason": "content_filter"}
    ).choice

    (call,) = choice["message"]["tool_calls"]
    assert (call["id"], call["function"]["arguments"]) == ("call_1", '{"a": ')
    assert choice["finish_reason"] == "content_filter"


THREE_AND_THREE = {"reasoning": "a b c", "content": "d e f"}


@pytest.mark.parametrize(
    ("cap", "message"),
    [
        (0, {}),
        (2, {"reasoning": "a b"}),
        (3, {"reasoning": "a b c"}),
        (5, {"content": "d e", "reasoning": "a b c"}),
    ],
)
@pytest.mark.parametrize("key", ["max_completion_tokens", "max_tokens"])
def test_cap_cuts_reasoning_and_content(
    fake: Fake, key: str, cap: int, message: dict[str, Any]
) -> None:
    response = post_script(fake, THREE_AND_THREE, **{key: cap})

    assert response.message == {**message, "role": "assistant"}
    assert response.choice["finish_reason"] == "length"
    assert response.json["usage"]["completion_tokens"] == cap


@pytest.mark.parametrize("cap", [6, -1, None])
def test_sufficient_cap_cuts_nothing(fake: Fake, cap: int | None) -> None:
    response = post_script(fake, THREE_AND_THREE, max_completion_tokens=cap)

    assert response.choice["finish_reason"] == "stop"


def test_tool_call_beyond_the_cap_is_omitted(fake: Fake) -> None:
    script = {"content": "a", "tool_calls": [{"name": "look"}]}

    choice = post_script(fake, script, max_completion_tokens=2).choice

    assert choice["finish_reason"] == "length"
    assert "tool_calls" not in choice["message"]


@pytest.mark.parametrize("stop", ["three", ["four", "three"]], ids=str)
def test_content_ends_before_a_stop_sequence(fake: Fake, stop: Any) -> None:
    response = post_script(fake, {"content": "one two three four"}, stop=stop)

    assert response.message["content"] == "one two "


def test_logprobs_cover_content_and_reasoning(fake: Fake) -> None:
    script = {"content": "a é", "reasoning": "b"}

    choice = post_script(fake, script, logprobs=True, top_logprobs=2).choice

    content = choice["logprobs"]["content"]
    assert [each["token"] for each in content] == ["a", " é"]
    assert bytes(content[1]["bytes"]).decode() == " é"
    assert content[0]["logprob"] < 0
    assert len(content[0]["top_logprobs"]) == 2
    assert choice["reasoning_logprobs"]["content"][0]["token"] == "b"


def test_text_completion_has_its_own_shape(fake: Fake) -> None:
    body = {"model": GPT, "prompt": '@fake {"content": "upon a time"}'}

    response = post(fake, body, COMPLETIONS)

    assert response.json["object"] == "text_completion"
    choice = {"finish_reason": "stop", "index": 0, "text": "upon a time"}
    assert response.json["choices"] == [choice]
    assert response.json["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize("prompt", ["Once", ["Once"], [1, 2], [[1, 2]]], ids=str)
def test_prompt_of_a_text_completion_has_four_forms(fake: Fake, prompt: Any) -> None:
    response = post(fake, {"model": GPT, "prompt": prompt}, COMPLETIONS)

    assert "canned answer" in response.choice["text"]


def test_text_completion_echoes_the_prompt(fake: Fake) -> None:
    body = {"model": GPT, "prompt": "Once", "echo": True}

    response = post(fake, body, COMPLETIONS)

    assert response.choice["text"].startswith("Once This is a canned")
