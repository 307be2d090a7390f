"""What is said, thought and called without a script."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import post, user

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer"},
                "unit": {"enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}
TIME = {"type": "function", "function": {"name": "get_time"}}


@pytest.mark.parametrize("model", [GPT, QWEN])
def test_more_effort_is_more_reasoning(fake: Fake, model: str) -> None:
    asked = [user("hi", model, reasoning_effort=e) for e in ("low", "medium", "high")]

    low, medium, high = (len(post(fake, b).message["reasoning"]) for b in asked)

    assert 0 < low < medium < high


@pytest.mark.parametrize(("model", "effort"), [(GPT, "medium"), (QWEN, "high")])
def test_effort_has_a_default(fake: Fake, model: str, effort: str) -> None:
    plain = post(fake, user("hi", model)).message["reasoning"]

    chosen = post(fake, user("hi", model, reasoning_effort=effort))

    assert plain == chosen.message["reasoning"]


def test_qwen_can_leave_reasoning_off(fake: Fake) -> None:
    answer = post(fake, user("hi", QWEN, reasoning_effort="none"))

    assert "reasoning" not in answer.message
    assert answer.json["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Why is the sky blue?", "scatters"),
        ("Tell me about the tides", "Tell me about the tides"),
        ("Hello there", "Hello!"),
    ],
)
def test_own_answer_says_what_it_is_and_fits(fake: Fake, asked: str, said: str) -> None:
    content = post(fake, user(asked)).message["content"]

    assert content.startswith("This is a simulated answer")
    assert said in content


def test_fitting_tool_is_called_with_fitting_arguments(fake: Fake) -> None:
    asked = "What will the weather in New York be for 3 days, in fahrenheit?"

    answer = post(fake, user(asked, tools=[TIME, WEATHER]))

    (call,) = answer.message["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {
        "city": "New York",
        "days": 3,
        "unit": "fahrenheit",
    }
    assert answer.message["reasoning"]


NAMED = {"type": "function", "function": {"name": "get_time"}}


@pytest.mark.parametrize(
    ("asked", "choice", "called"),
    [
        ("Tell me a joke", None, None),
        ("Tell me a joke", "auto", None),
        ("The weather in Paris?", "none", None),
        ("Tell me a joke", "required", "get_weather"),
        ("What time is it?", "required", "get_time"),
        ("The weather in Paris?", NAMED, "get_time"),
    ],
)
def test_tool_choice_is_kept(
    fake: Fake, asked: str, choice: Any, called: str | None
) -> None:
    answer = post(fake, user(asked, tools=[WEATHER, TIME], tool_choice=choice))

    names = [c["function"]["name"] for c in answer.message.get("tool_calls", [])]
    assert names == ([called] if called else [])


def tool_turn(asked: str, **more: Any) -> dict[str, Any]:
    """A conversation in which the tool has answered."""
    function = {"name": "get_weather", "arguments": "{}"}
    call = {"id": "a1", "type": "function", "function": function}
    body = user(asked, tools=[WEATHER], **more)
    body["messages"] += [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a1", "content": "11 degrees, rain"},
    ]
    return body


def test_tool_result_is_used(fake: Fake) -> None:
    answer = post(fake, tool_turn("The weather in Paris?"))

    assert "The tool get_weather answered: 11 degrees" in answer.message["content"]


def test_scripted_call_is_not_made_again_after_its_result(fake: Fake) -> None:
    script = {"tool_calls": [{"name": "get_weather"}]}

    answer = post(fake, tool_turn(f"@fake {json.dumps(script)}"))

    assert "get_weather answered" in answer.message["content"]


def test_script_can_say_what_follows_its_tools(fake: Fake) -> None:
    script = {
        "tool_calls": [{"name": "get_weather"}],
        "after_tools": {"content": "Rain."},
    }

    answer = post(fake, tool_turn(f"@fake {json.dumps(script)}"))

    assert answer.message == {"content": "Rain.", "role": "assistant"}


def test_queued_script_is_played_after_a_tool_as_it_is(fake: Fake) -> None:
    fake.script({"tool_calls": [{"name": "get_weather"}]})

    assert post(fake, tool_turn("hi")).message["tool_calls"]
