"""Whole answers: their shape, their counts and what cuts them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import COMPLETIONS, Answer, post, user

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"


def say(fake: Fake, script: dict[str, Any], model: Any = GPT, **more: Any) -> Answer:
    return post(fake, user(f"@fake {json.dumps(script)}", model, **more))


def test_scripted_answer_has_the_real_shape(fake: Fake) -> None:
    answer = say(fake, {"content": "4", "reasoning": "The user asks"}).json

    assert list(answer) == [
        *("id", "choices", "created", "model", "system_fingerprint", "object"),
        *("usage", "time_info"),
    ]
    assert answer["id"].startswith("chatcmpl-")
    assert answer["object"] == "chat.completion"
    assert answer["system_fingerprint"].startswith("fp_")
    assert json.dumps(answer["choices"]) == json.dumps(
        [
            {
                "finish_reason": "stop",
                "index": 0,
                "message": {
                    "content": "4",
                    "reasoning": "The user asks",
                    "role": "assistant",
                },
            }
        ]
    )


@pytest.mark.parametrize(
    ("model", "completion", "prompt"),
    [
        (
            GPT,
            {
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
                "reasoning_tokens": 2,
            },
            {"cached_tokens": 0},
        ),
        (QWEN, {"reasoning_tokens": 2}, {"cached_tokens": 0, "image_tokens": 0}),
    ],
    ids=[GPT, QWEN],
)
def test_usage_adds_up(fake: Fake, model: str, completion: Any, prompt: Any) -> None:
    usage = say(fake, {"content": "a b c", "reasoning": "d e"}, model).json["usage"]

    assert usage["completion_tokens"] == 5
    assert usage["total_tokens"] == usage["prompt_tokens"] + 5
    assert usage["completion_tokens_details"] == completion
    assert usage["prompt_tokens_details"] == prompt


def test_time_info_is_in_seconds(fake: Fake) -> None:
    answer = say(fake, {"content": "x"}).json
    times = answer["time_info"]

    assert int(times["created"]) == answer["created"]
    parts = ("queue_time", "prompt_time", "completion_time")
    assert all(0 < times[part] < 1 for part in parts)
    assert times["total_time"] >= sum(times[part] for part in parts)


def test_scripted_call_has_the_real_shape(fake: Fake) -> None:
    script = {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]}

    choice = say(fake, script).json["choices"][0]

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


def test_script_chooses_ids_and_broken_arguments(fake: Fake) -> None:
    script = {"tool_calls": [{"name": "x", "arguments": '{"a": ', "id": "call_1"}]}

    (call,) = say(fake, script).message["tool_calls"]

    assert (call["id"], call["function"]["arguments"]) == ("call_1", '{"a": ')


@pytest.mark.parametrize(
    ("cap", "message"),
    [
        (0, {"role": "assistant"}),
        (2, {"reasoning": "a b", "role": "assistant"}),
        (3, {"reasoning": "a b c", "role": "assistant"}),
        (5, {"content": "d e", "reasoning": "a b c", "role": "assistant"}),
    ],
)
@pytest.mark.parametrize("key", ["max_completion_tokens", "max_tokens"])
def test_reasoning_eats_the_cap(
    fake: Fake, key: str, cap: int, message: dict[str, Any]
) -> None:
    answer = say(fake, {"reasoning": "a b c", "content": "d e f"}, **{key: cap}).json

    assert answer["choices"][0]["message"] == message
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == cap


@pytest.mark.parametrize("cap", [6, -1, None])
def test_cap_that_suffices_cuts_nothing(fake: Fake, cap: int | None) -> None:
    script = {"reasoning": "a b c", "content": "d e f"}

    answer = say(fake, script, max_completion_tokens=cap).json

    assert answer["choices"][0]["finish_reason"] == "stop"


def test_call_that_does_not_fit_is_left_out(fake: Fake) -> None:
    script = {"content": "a", "tool_calls": [{"name": "look"}]}

    choice = say(fake, script, max_completion_tokens=2).json["choices"][0]

    assert choice["finish_reason"] == "length"
    assert "tool_calls" not in choice["message"]


@pytest.mark.parametrize("stop", ["three", ["four", "three"]], ids=str)
def test_stop_sequence_is_not_returned(fake: Fake, stop: Any) -> None:
    answer = say(fake, {"content": "one two three four"}, stop=stop)

    assert answer.message["content"] == "one two "


def test_finish_reason_can_be_chosen(fake: Fake) -> None:
    answer = say(fake, {"content": "x", "finish_reason": "content_filter"})

    assert answer.json["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("none", {"content": "b", "reasoning": "a", "role": "assistant"}),
        ("parsed", {"content": "b", "reasoning": "a", "role": "assistant"}),
        ("raw", {"content": "<think>a</think>b", "role": "assistant"}),
        ("hidden", {"content": "b", "role": "assistant"}),
    ],
)
def test_reasoning_has_four_formats(fake: Fake, format: str, message: Any) -> None:
    script = {"reasoning": "a", "content": "b"}

    answer = say(fake, script, reasoning_format=format)

    assert answer.message == message
    details = answer.json["usage"]["completion_tokens_details"]
    assert details["reasoning_tokens"] == 1


def test_logprobs_are_given_when_asked_for(fake: Fake) -> None:
    script = {"content": "a é", "reasoning": "b"}

    answer = say(fake, script, logprobs=True, top_logprobs=2)

    choice = answer.json["choices"][0]
    content = choice["logprobs"]["content"]
    assert [each["token"] for each in content] == ["a", " é"]
    assert bytes(content[1]["bytes"]).decode() == " é"
    assert content[0]["logprob"] < 0
    assert len(content[0]["top_logprobs"]) == 2
    assert choice["reasoning_logprobs"]["content"][0]["token"] == "b"


def raw(prompt: Any, **more: Any) -> dict[str, Any]:
    return {"model": GPT, "prompt": prompt, **more}


def test_raw_completion_has_its_own_shape(fake: Fake) -> None:
    answer = post(fake, raw('@fake {"content": "upon a time"}'), COMPLETIONS)

    assert answer.json["object"] == "text_completion"
    assert answer.json["choices"] == [
        {"finish_reason": "stop", "index": 0, "text": "upon a time"}
    ]
    assert answer.json["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize("prompt", ["Once", ["Once"], [1, 2], [[1, 2]]], ids=str)
def test_raw_prompt_has_four_forms(fake: Fake, prompt: Any) -> None:
    answer = post(fake, raw(prompt), COMPLETIONS)

    assert "simulated" in answer.json["choices"][0]["text"]


def test_raw_completion_can_echo(fake: Fake) -> None:
    answer = post(fake, raw("Once", echo=True), COMPLETIONS)

    assert answer.json["choices"][0]["text"].startswith("Once [simulated")
