"""The answer without a script: canned text, tool calls and JSON."""

import json
from typing import Any

import jsonschema
import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import GPT, QWEN, chat_body, post

PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "unit": {"enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city"],
}
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": PARAMETERS},
}
TIME = {"type": "function", "function": {"name": "get_time"}}


@pytest.mark.parametrize(("model", "default"), [(GPT, "medium"), (QWEN, "high")])
def test_reasoning_grows_with_effort(fake: Fake, model: str, default: str) -> None:
    def count(**fields: str) -> int:
        return len(post(fake, chat_body("hi", model, **fields)).message["reasoning"])

    low, medium, high = (count(reasoning_effort=e) for e in ("low", "medium", "high"))

    assert 0 < low < medium < high
    assert count() == {"medium": medium, "high": high}[default]


def test_effort_none_turns_reasoning_off(fake: Fake) -> None:
    response = post(fake, chat_body("hi", QWEN, reasoning_effort="none"))

    assert "reasoning" not in response.message
    details = response.json["usage"]["completion_tokens_details"]
    assert details["reasoning_tokens"] == 0


def test_canned_answer_says_how_to_get_real_ones(fake: Fake) -> None:
    content = post(fake, chat_body("Why is the sky blue?")).message["content"]

    assert content.startswith("This is a canned answer")
    assert "CEREBRAS_API_KEY" in content


def test_canned_answer_streams_reasoning_first(fake: Fake) -> None:
    response = post(fake, chat_body("Why is the sky blue?", stream=True))

    keys = [next(iter(delta), "") for delta in response.deltas]
    assert keys == sorted(keys, key=["role", "reasoning", "content", ""].index)
    assert response.streamed().startswith("This is a canned answer")


def test_tool_is_called_with_arguments_that_fit(fake: Fake) -> None:
    body = chat_body("The weather in New York?", tools=[TIME, WEATHER])

    response = post(fake, body)

    (call,) = response.message["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    arguments = json.loads(call["function"]["arguments"])
    jsonschema.validate(arguments, PARAMETERS)
    assert response.message["reasoning"]


NAMED = {"type": "function", "function": {"name": "get_time"}}


@pytest.mark.parametrize(
    ("text", "choice", "called"),
    [
        ("Tell me a joke", None, []),
        ("Tell me a joke", "auto", []),
        ("The weather in Paris?", "none", []),
        ("Tell me a joke", "required", ["get_weather"]),
        ("What time is it?", "required", ["get_time"]),
        ("The weather in Paris?", NAMED, ["get_time"]),
    ],
)
def test_tool_choice_is_respected(
    fake: Fake, text: str, choice: Any, called: list[str]
) -> None:
    body = chat_body(text, tools=[WEATHER, TIME], tool_choice=choice)

    calls = post(fake, body).message.get("tool_calls", [])

    assert [call["function"]["name"] for call in calls] == called


def body_with_tool_result(text: str) -> dict[str, Any]:
    function = {"name": "get_weather", "arguments": "{}"}
    call = {"id": "a1", "type": "function", "function": function}
    body = chat_body(text, tools=[WEATHER])
    body["messages"] += [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a1", "content": "11 degrees, rain"},
    ]
    return body


CALL: dict[str, Any] = {"tool_calls": [{"name": "get_weather"}]}


@pytest.mark.parametrize(
    "text", ["The weather in Paris?", f"@fake {json.dumps(CALL)}"], ids=["tool", "fake"]
)
def test_tool_result_is_echoed_and_the_tool_not_called_again(
    fake: Fake, text: str
) -> None:
    response = post(fake, body_with_tool_result(text))

    assert "Tool result: 11 degrees, rain" in response.message["content"]


def test_queued_script_is_unchanged_after_tool_results(fake: Fake) -> None:
    fake.script(CALL)

    assert post(fake, body_with_tool_result("hi")).message["tool_calls"]
