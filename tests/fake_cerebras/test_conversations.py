"""Models, tools and how messages have to follow each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import COMPLETIONS, post, user

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"
INVALID = {"type": "invalid_request_error", "code": "wrong_api_format"}
RETIRED = [
    "llama3.1-8b",
    "llama-3.3-70b",
    "qwen-3-32b",
    "qwen-3-235b-a22b-instruct-2507",
    "qwen-3-coder-480b",
    "zai-glm-4.7",
    "gemma-4-31b",
]


def tool(name: str = "look", **function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **function}}


def says(role: str, content: Any = "hi", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def calls(*ids: str, **more: Any) -> dict[str, Any]:
    function = {"name": "look", "arguments": "{}"}
    made = [{"id": each, "type": "function", "function": function} for each in ids]
    return {"role": "assistant", "tool_calls": made, **more}


def answers(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "seen"}


def talk(*messages: dict[str, Any], model: str = GPT, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": list(messages), **more}


@pytest.mark.parametrize("path", [None, COMPLETIONS])
@pytest.mark.parametrize("model", [*RETIRED, "nobody-1b", "GPT-OSS-120B", ""])
def test_retired_and_unknown_models_are_404(
    fake: Fake, model: str, path: str | None
) -> None:
    if path:
        answer = post(fake, {"model": model, "prompt": "hi"}, path)
    else:
        answer = post(fake, user("hi", model))

    assert answer.status == 404
    assert answer.json == {
        "message": f"Model {model} does not exist or you do not have access to it.",
        "type": "not_found_error",
        "param": "model",
        "code": "model_not_found",
    }


@pytest.mark.parametrize("kind", ["text", "json_object", "json_schema"])
@pytest.mark.parametrize("model", [GPT, QWEN])
def test_tools_do_not_go_with_any_response_format(
    fake: Fake, model: str, kind: str
) -> None:
    body = user("json", model, tools=[tool()], response_format={"type": kind})

    answer = post(fake, body)

    assert answer.status == 400
    assert answer.json["message"] == '"tools" is incompatible with "response_format"'
    assert INVALID.items() <= answer.json.items()


@pytest.mark.parametrize("first", [False, None])
def test_tools_are_strict_all_or_none(fake: Fake, first: bool | None) -> None:
    mixed = [tool("a", strict=first), tool("b", strict=True)]

    answer = post(fake, user("hi", tools=mixed))

    assert answer.json == {
        "message": "Tools with mixed values for 'strict' are not allowed. "
        "Please set all tools to 'strict: true' or 'strict: false'",
        "param": "tools",
        **INVALID,
    }
    assert post(fake, user("hi", tools=mixed[1:] * 2)).status == 200


NAMED = {"type": "function", "function": {"name": "look"}}


@pytest.mark.parametrize("choice", ["none", "auto", "required", NAMED], ids=str)
@pytest.mark.parametrize("tools", [None, []])
def test_tool_choice_needs_tools(fake: Fake, choice: Any, tools: Any) -> None:
    answer = post(fake, user("hi", tools=tools, tool_choice=choice))

    assert (answer.status, answer.json["param"]) == (400, "tool_choice")


def test_named_tool_has_to_be_offered(fake: Fake) -> None:
    body = user("hi", tools=[tool("listen")], tool_choice=NAMED)

    assert post(fake, body).json["param"] == "tool_choice"


ASKS = says("user")
BROKEN_PAIRS = {
    "call at the end without an answer": [ASKS, calls("a")],
    "call without an answer before the user": [ASKS, calls("a"), ASKS],
    "one of two calls without an answer": [ASKS, calls("a", "b"), answers("a"), ASKS],
    "answer to nothing": [ASKS, answers("a")],
    "answer to another id": [ASKS, calls("a"), answers("b")],
    "answer given twice": [ASKS, calls("a"), answers("a"), answers("a")],
    "answer too late": [ASKS, calls("a"), ASKS, answers("a")],
    "one id twice in a message": [ASKS, calls("a", "a"), answers("a"), answers("a")],
    "one id twice in a conversation": [ASKS, *[calls("a"), answers("a")] * 2],
}


@pytest.mark.parametrize("case", BROKEN_PAIRS)
def test_calls_and_answers_belong_together(fake: Fake, case: str) -> None:
    answer = post(fake, talk(*BROKEN_PAIRS[case]))

    assert (answer.status, answer.json["param"]) == (400, "messages")
    assert INVALID.items() <= answer.json.items()


@pytest.mark.parametrize("content", [{}, {"content": ""}, {"content": None}], ids=str)
def test_paired_calls_are_taken_in_any_order(
    fake: Fake, content: dict[str, Any]
) -> None:
    turn = [calls("a", "b", **content), answers("b"), answers("a")]

    assert post(fake, talk(ASKS, *turn, calls("c"), answers("c"))).status == 200


@pytest.mark.parametrize("effort", ["none", "max", "minimal", ""])
def test_gpt_oss_has_three_efforts(fake: Fake, effort: str) -> None:
    answer = post(fake, user("hi", reasoning_effort=effort))

    assert answer.status == 400
    assert answer.json == {
        "message": "1 validation error for ChatCompletionServerRequest\n"
        "reasoning_effort\n  Input should be 'low', 'medium' or 'high' "
        f"[type=enum, input_value={effort!r}, input_type=str]\n"
        "    For further information visit https://errors.pydantic.dev/2.8/v/enum",
        "param": "validation_error",
        "id": "",
        **INVALID,
    }


@pytest.mark.parametrize(
    ("effort", "status"),
    [("none", 200), ("low", 200), ("medium", 200), ("high", 200), ("max", 400)],
)
def test_qwen_has_four_efforts(fake: Fake, effort: str, status: int) -> None:
    assert post(fake, user("hi", QWEN, reasoning_effort=effort)).status == status


def test_prediction_is_not_for_qwen(fake: Fake) -> None:
    prediction = {"type": "content", "content": "x"}

    answer = post(fake, user("hi", QWEN, prediction=prediction))

    assert answer.status == 400
    assert answer.json["message"] == '"prediction" is not currently supported'


SYSTEM = says("system")
CHOOSY = {
    "second system message": [SYSTEM, SYSTEM, ASKS],
    "system message at the end": [ASKS, SYSTEM],
    "developer message": [says("developer"), ASKS],
}


@pytest.mark.parametrize("case", CHOOSY)
def test_qwen_takes_one_system_message_and_first(fake: Fake, case: str) -> None:
    assert post(fake, talk(*CHOOSY[case], model=QWEN)).status == 400
    assert post(fake, talk(*CHOOSY[case], model=GPT)).status == 200


def test_prompt_too_long_is_told_with_both_lengths(fake: Fake) -> None:
    answer = post(fake, user("word" * 131_072))

    assert answer.status == 400
    length = int(answer.json["message"].split("length is ")[1].split()[0])
    assert length > 131_072
    assert answer.json == {
        "message": "Please reduce the length of the messages or completion. "
        f"Current length is {length} while limit is 131072",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }


def test_cap_counts_in_the_length(fake: Fake) -> None:
    answer = post(fake, user("hi", max_completion_tokens=131_072))

    assert answer.json["code"] == "context_length_exceeded"
