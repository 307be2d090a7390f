"""Which requests are refused, with the status and error of the real API."""

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import (
    COMPLETIONS,
    GPT,
    QWEN,
    chat_body,
    conversation,
    post,
)

Object = dict[str, Any]

LOOK = {"name": "look", "arguments": "{}"}
CALL: Object = {"id": "a1", "type": "function", "function": LOOK}
NAMED = {"type": "function", "function": {"name": "look"}}
PREDICTION = {"type": "content", "content": "a"}
INVALID = {"type": "invalid_request_error", "code": "wrong_api_format"}


def tool(name: str = "look", **function: Any) -> Object:
    return {"type": "function", "function": {"name": name, **function}}


def message(role: Any, **fields: Any) -> Object:
    return {"role": role, **fields}


def with_message(role: Any, **fields: Any) -> Object:
    return conversation(message(role, **fields))


def with_part(**part: Any) -> Object:
    return with_message("user", content=[part])


def with_call(**fields: Any) -> Object:
    return with_message("assistant", tool_calls=[{**CALL, **fields}])


def calls(*ids: str, **fields: Any) -> Object:
    return message("assistant", tool_calls=[{**CALL, "id": id} for id in ids], **fields)


def result(call_id: str) -> Object:
    return message("tool", tool_call_id=call_id, content="seen")


UNKNOWN_KEYS = {
    **{
        f"body.{key}": chat_body("hi", **{key: value})
        for key, value in {
            "store": True,
            "maxTokens": 5,
            "thinking": {"type": "enabled"},
            "top_k": 40,
            "disable_reasoning": True,
            "model_parameters": {},
            "prompt_cache_key": "x",
        }.items()
    },
    **{
        f"messages.0.{role}.{key}": with_message(
            role, content="hi", **{key: []}, **({"tool_call_id": "a"} if id else {})
        )
        for role, key, id in (
            ("user", "images", False),
            ("assistant", "refusal", False),
            ("tool", "tool_name", True),
            ("system", "cache_control", False),
        )
    },
    "body.stream_options.x": chat_body("hi", stream_options={"x": True}),
    "body.response_format.x": chat_body("hi", response_format={"type": "text", "x": 1}),
    "body.response_format.json_schema.x": chat_body(
        "hi",
        response_format={"type": "json_schema", "json_schema": {"name": "a", "x": 1}},
    ),
    "body.prediction.x": chat_body("hi", prediction={**PREDICTION, "x": 1}),
    "messages.0.user.content.0.x": with_part(type="text", text="hi", x={}),
    "messages.0.user.content.0.image_url.x": with_part(
        type="image_url", image_url={"url": "data:", "x": 1}
    ),
    "messages.0.assistant.tool_calls.0.x": with_call(x=1),
    "messages.0.assistant.tool_calls.0.function.x": with_call(
        function={**LOOK, "x": 1}
    ),
    "tools.0.x": chat_body("hi", tools=[{**tool(), "x": 1}]),
    "tools.0.function.x": chat_body("hi", tools=[tool(x=1)]),
}


@pytest.mark.parametrize("path", UNKNOWN_KEYS)
def test_unknown_key_returns_400_with_its_path(fake: Fake, path: str) -> None:
    response = post(fake, UNKNOWN_KEYS[path])

    assert response.status == 400
    assert response.json == {
        "message": f"{path}: property '{path}' is unsupported",
        "param": "validation_error",
        **INVALID,
    }


def test_several_errors_are_joined_by_newlines(fake: Fake) -> None:
    assistant = message("assistant", content="a", reasoning_content="hm")
    body = chat_body("q", store=True)
    body["messages"] += [assistant] * 2

    text = post(fake, body).json["message"]

    assert [line.partition(":")[0] for line in text.split("\n")] == [
        "messages.1.assistant.reasoning_content",
        "messages.2.assistant.reasoning_content",
        "body.store",
    ]


WRONG_VALUES: dict[str, list[Any]] = {
    "model": [None, 5],
    "messages": [None, [], "hi", ["hi"]],
    "temperature": [2.1, -0.1, "1", True],
    "top_p": [1.1],
    "frequency_penalty": [-2.1],
    "presence_penalty": [2.1],
    "max_completion_tokens": [-2, 5.0],
    "max_tokens": [-2],
    "seed": [1.5],
    "stop": [list("abcde"), [1]],
    "n": [0],
    "logprobs": [5],
    "top_logprobs": [2],  # without logprobs
    "logit_bias": [{str(n): 1 for n in range(101)}, {"1": "a"}],
    "stream": ["true"],
    "tools": [tool(), [{**tool(), "type": "web"}], [{**tool(), "function": {}}]],
    "response_format": [{"type": "json"}, "json_object"],
    "reasoning_format": ["deep"],
    "service_tier": ["turbo"],
}
INVALID_BODIES: dict[str, Object] = {
    **{
        f"{field}: {str(value)[:20]}": {**chat_body("hi"), field: value}
        for field, values in WRONG_VALUES.items()
        for value in values
    },
    "no model": {"messages": [message("user", content="hi")]},
    "no messages": {"model": GPT},
    "message without role": conversation({"content": "hi"}),
    "unknown role": with_message("function", content="hi"),
    "role is a list": with_message(["user"], content="hi"),
    "user without content": with_message("user"),
    "user content is null": with_message("user", content=None),
    "content is a number": with_message("user", content=5),
    "part is text": with_message("user", content=["hi"]),
    "unknown part": with_part(type="video", text="hi"),
    "part without text": with_part(type="text"),
    "image without url": with_part(type="image_url", image_url={}),
    "assistant with an image": with_message(
        "assistant", content=[{"type": "image", "image": "data:"}]
    ),
    "tool message without id": with_message("tool", content="hi"),
    "tool message without content": with_message("tool", tool_call_id="a"),
    "call without id": with_call(id=None),
    "call without function": with_call(function=None),
    "arguments are an object": with_call(function={"name": "x", "arguments": {}}),
    "both caps": chat_body("hi", max_tokens=5, max_completion_tokens=5),
    "top_logprobs above 20": chat_body("hi", logprobs=True, top_logprobs=21),
    "tool name with a space": chat_body("hi", tools=[tool("a b")]),
    "tool name of 65 letters": chat_body("hi", tools=[tool("a" * 65)]),
    "parameters are text": chat_body("hi", tools=[tool(parameters="{}")]),
    "strict is text": chat_body("hi", tools=[tool(strict="true")]),
    "unknown tool_choice": chat_body("hi", tools=[tool()], tool_choice="any"),
    **{
        f"completion with {field}": {"model": GPT, "prompt": "Once", field: value}
        for field, value in {
            "suffix": "end",
            "max_completion_tokens": 5,
            "prompt": None,
            "logprobs": 21,
            "best_of": 21,
            "reasoning_effort": "low",
        }.items()
    },
    "completion with messages": {"model": GPT, "prompt": "Once", "messages": []},
    "completion without prompt": {"model": GPT, "prompt": []},
}


@pytest.mark.parametrize("case", INVALID_BODIES)
def test_invalid_body_returns_400(fake: Fake, case: str) -> None:
    path = {"path": COMPLETIONS} if case.startswith("completion") else {}

    response = post(fake, INVALID_BODIES[case], **path)

    assert response.status == 400
    assert set(response.json) >= {"message", "type", "param", "code"}
    assert response.json["type"] == "invalid_request_error"


ALLOWED: Object = {
    "temperature": 2,
    "top_p": 0.0,
    "seed": -1,
    "max_completion_tokens": -1,
    "min_tokens": 5,
    "min_completion_tokens": 5,
    "frequency_penalty": -2,
    "presence_penalty": 1.5,
    "logit_bias": {"1": 2},
    "stop": ["a", "b", "c", "d"],
    "n": 1,
    "user": "me",
    "logprobs": True,
    "top_logprobs": 20,
    "stream": False,
    "stream_options": {"include_usage": True},
    "tools": [tool()],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning_effort": "low",
    "reasoning_format": "parsed",
    "clear_thinking": True,
    "prediction": PREDICTION,
    "service_tier": "flex",
}
ABSENT = dict.fromkeys([*ALLOWED, "max_tokens", "response_format", "disable_reasoning"])
USER, SYSTEM = message("user", content="hi"), message("system", content="hi")
DEVELOPER = message("developer", content="hi")
RESULTS = [result("b"), result("a"), calls("c"), result("c")]  # in any order
ACCEPTED: dict[str, Object] = {
    "every field": chat_body("hi", **ALLOWED),
    "null as an absent field": chat_body("hi", **ABSENT),
    "strict tools": chat_body("hi", tools=[tool("b", strict=True)] * 2),
    "two system messages": conversation(SYSTEM, SYSTEM, USER),
    "system message last": conversation(USER, SYSTEM),
    "developer message": conversation(DEVELOPER, USER),
    **{
        f"calls with {fields}": conversation(USER, calls("a", "b", **fields), *RESULTS)
        for fields in ({}, {"content": ""}, {"content": None})
    },
    **{
        f"effort {effort} of Qwen": chat_body("hi", QWEN, reasoning_effort=effort)
        for effort in ("none", "low", "medium", "high")
    },
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_valid_body_is_accepted(fake: Fake, case: str) -> None:
    assert post(fake, ACCEPTED[case]).status == 200


@pytest.mark.parametrize("model", ["llama3.1-8b", "GPT-OSS-120B", ""])
def test_retired_or_unknown_model_returns_404(fake: Fake, model: str) -> None:
    chat = post(fake, chat_body("hi", model))
    completion = post(fake, {"model": model, "prompt": "hi"}, COMPLETIONS)

    assert chat.status == completion.status == 404
    assert chat.json == completion.json
    assert chat.json == {
        "message": f"Model {model} does not exist or you do not have access to it.",
        "type": "not_found_error",
        "param": "model",
        "code": "model_not_found",
    }


MESSAGES, TOOL_CHOICE = {"param": "messages", **INVALID}, {"param": "tool_choice"}
MIXED = {
    "message": "Tools with mixed values for 'strict' are not allowed. "
    "Please set all tools to 'strict: true' or 'strict: false'",
    "param": "tools",
    **INVALID,
}
INCOMPATIBLE = {"message": '"tools" is incompatible with "response_format"', **INVALID}
TOO_LONG = {
    "type": "invalid_request_error",
    "param": "messages",
    "code": "context_length_exceeded",
}
BROKEN_RULES: dict[str, tuple[Object, Object]] = {
    **{
        f"tools with {type} of {model}": (
            chat_body("json", model, tools=[tool()], response_format={"type": type}),
            INCOMPATIBLE,
        )
        for type in ("text", "json_object", "json_schema")
        for model in (GPT, QWEN)
    },
    **{
        f"strict tools with {first}": (
            chat_body("hi", tools=[tool("a", strict=first), tool("b", strict=True)]),
            MIXED,
        )
        for first in (False, None)
    },
    **{
        f"{choice} with tools {tools}": (
            chat_body("hi", tools=tools, tool_choice=choice),
            TOOL_CHOICE,
        )
        for choice in ("none", "auto", "required", NAMED)
        for tools in (None, [])
    },
    "choice of a missing tool": (
        chat_body("hi", tools=[tool("listen")], tool_choice=NAMED),
        TOOL_CHOICE,
    ),
    **{
        name: (conversation(*messages), MESSAGES)
        for name, messages in {
            "call at the end": [USER, calls("a")],
            "call before the user": [USER, calls("a"), USER],
            "a call without result": [USER, calls("a", "b"), result("a"), USER],
            "result without call": [USER, result("a")],
            "result of another id": [USER, calls("a"), result("b")],
            "result twice": [USER, calls("a"), result("a"), result("a")],
            "result too late": [USER, calls("a"), USER, result("a")],
            "id twice in a message": [USER, calls("a", "a"), result("a"), result("a")],
            "id twice in a conversation": [USER, *[calls("a"), result("a")] * 2],
        }.items()
    },
    "effort of Qwen": (chat_body("hi", QWEN, reasoning_effort="max"), {}),
    "prediction for Qwen": (
        chat_body("hi", QWEN, prediction=PREDICTION),
        {"message": '"prediction" is not currently supported'},
    ),
    **{
        f"{name} of Qwen": ({**ACCEPTED[name], "model": QWEN}, {})
        for name in ("two system messages", "system message last", "developer message")
    },
    "too long prompt": (chat_body("word" * 131_072), TOO_LONG),
    "too large cap": (chat_body("hi", max_completion_tokens=131_072), TOO_LONG),
}


@pytest.mark.parametrize("case", BROKEN_RULES)
def test_broken_rule_returns_400_with_its_error(fake: Fake, case: str) -> None:
    body, error = BROKEN_RULES[case]

    response = post(fake, body)

    assert response.status == 400
    assert response.json == {**response.json, **error}


def test_error_of_a_too_long_prompt_has_both_lengths(fake: Fake) -> None:
    text = post(fake, chat_body("word" * 131_072)).json["message"]

    length = int(text.split("length is ")[1].split()[0])
    assert length > 131_072
    assert text == (
        "Please reduce the length of the messages or completion. "
        f"Current length is {length} while limit is 131072"
    )


@pytest.mark.parametrize("effort", ["none", "max", "minimal", ""])
def test_unknown_effort_of_gpt_oss_returns_400(fake: Fake, effort: str) -> None:
    response = post(fake, chat_body("hi", reasoning_effort=effort))

    assert response.status == 400
    assert response.json == {
        "message": "1 validation error for ChatCompletionServerRequest\n"
        "reasoning_effort\n  Input should be 'low', 'medium' or 'high' "
        f"[type=enum, input_value={effort!r}, input_type=str]\n"
        "    For further information visit https://errors.pydantic.dev/2.8/v/enum",
        "param": "validation_error",
        "id": "",
        **INVALID,
    }
