"""Unknown keys and values of a wrong type or range return 400."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import COMPLETIONS, GPT, Response, chat_body, post

TOOL = {"type": "function", "function": {"name": "look"}}
CALL = {"id": "a1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def with_message(role: Any, **fields: Any) -> dict[str, Any]:
    return {"model": GPT, "messages": [{"role": role, **fields}]}


def with_part(part: Any) -> dict[str, Any]:
    return with_message("user", content=[part])


def with_call(**fields: Any) -> dict[str, Any]:
    return with_message("assistant", tool_calls=[{**CALL, **fields}])


def with_tool(**function: Any) -> dict[str, Any]:
    tool = {"type": "function", "function": {"name": "look", **function}}
    return chat_body("hi", tools=[tool])


def with_format(json_schema: dict[str, Any]) -> dict[str, Any]:
    format = {"type": "json_schema", "json_schema": json_schema}
    return chat_body("hi", response_format=format)


UNKNOWN_FIELDS = {
    "store": True,
    "maxTokens": 5,
    "thinking": {"type": "enabled"},
    "top_k": 40,
    "disable_reasoning": True,
    "model_parameters": {},
    "prompt_cache_key": "x",
}
UNKNOWN_KEYS = {
    **{f"body.{k}": chat_body("hi", **{k: v}) for k, v in UNKNOWN_FIELDS.items()},
    "body.stream_options.x": chat_body("hi", stream_options={"x": True}),
    "body.response_format.x": chat_body("hi", response_format={"type": "text", "x": 1}),
    "body.response_format.json_schema.x": with_format({"name": "a", "x": 1}),
    "body.prediction.x": chat_body(
        "hi", prediction={"type": "content", "content": "a", "x": 1}
    ),
    "messages.0.user.images": with_message("user", content="hi", images=[]),
    "messages.0.assistant.refusal": with_message(
        "assistant", content="hi", refusal=None
    ),
    "messages.0.tool.tool_name": with_message(
        "tool", content="hi", tool_call_id="a", tool_name="look"
    ),
    "messages.0.system.cache_control": with_message(
        "system", content="hi", cache_control={}
    ),
    "messages.0.user.content.0.cache_control": with_part(
        {"type": "text", "text": "hi", "cache_control": {}}
    ),
    "messages.0.user.content.0.image_url.x": with_part(
        {"type": "image_url", "image_url": {"url": "data:", "x": 1}}
    ),
    "messages.0.assistant.tool_calls.0.x": with_call(x=1),
    "messages.0.assistant.tool_calls.0.function.x": with_call(
        function={"name": "look", "arguments": "{}", "x": 1}
    ),
    "tools.0.x": chat_body("hi", tools=[{**TOOL, "x": 1}]),
    "tools.0.function.x": with_tool(x=1),
}


@pytest.mark.parametrize("path", UNKNOWN_KEYS)
def test_unknown_key_returns_400_with_its_path(fake: Fake, path: str) -> None:
    response = post(fake, UNKNOWN_KEYS[path])

    assert response.status == 400
    assert response.json == {
        "message": f"{path}: property '{path}' is unsupported",
        "type": "invalid_request_error",
        "param": "validation_error",
        "code": "wrong_api_format",
    }


def test_several_errors_are_joined_by_newlines(fake: Fake) -> None:
    assistant = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    body = chat_body("q", store=True)
    body["messages"] += [assistant] * 2

    response = post(fake, body)

    paths = [
        "messages.1.assistant.reasoning_content",
        "messages.2.assistant.reasoning_content",
        "body.store",
    ]
    assert response.json["message"] == "\n".join(
        f"{path}: property '{path}' is unsupported" for path in paths
    )


def assert_invalid(response: Response) -> None:
    assert response.status == 400
    assert set(response.json) >= {"message", "type", "param", "code"}
    assert response.json["type"] == "invalid_request_error"


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
    "tools": [
        TOOL,
        [{**TOOL, "type": "web"}],
        [{"type": "function", "function": {}}],
    ],
    "response_format": [{"type": "json"}, "json_object"],
    "reasoning_format": ["deep"],
    "service_tier": ["turbo"],
}


@pytest.mark.parametrize("field", WRONG_VALUES)
def test_wrong_value_returns_400(fake: Fake, field: str) -> None:
    for value in WRONG_VALUES[field]:
        assert_invalid(post(fake, {**chat_body("hi"), field: value}))


INVALID_BODIES: dict[str, dict[str, Any]] = {
    "no model": {"messages": [{"role": "user", "content": "hi"}]},
    "no messages": {"model": GPT},
    "message without role": {"model": GPT, "messages": [{"content": "hi"}]},
    "unknown role": with_message("function", content="hi"),
    "role is a list": with_message(["user"], content="hi"),
    "user without content": with_message("user"),
    "user content is null": with_message("user", content=None),
    "content is a number": with_message("user", content=5),
    "part is text": with_part("hi"),
    "unknown part": with_part({"type": "video", "text": "hi"}),
    "part without text": with_part({"type": "text"}),
    "image without url": with_part({"type": "image_url", "image_url": {}}),
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
    "tool name with a space": with_tool(name="a b"),
    "tool name of 65 letters": with_tool(name="a" * 65),
    "parameters are text": with_tool(parameters="{}"),
    "strict is text": with_tool(strict="true"),
    "unknown tool_choice": chat_body("hi", tools=[TOOL], tool_choice="any"),
}


@pytest.mark.parametrize("case", INVALID_BODIES)
def test_invalid_body_returns_400(fake: Fake, case: str) -> None:
    assert_invalid(post(fake, INVALID_BODIES[case]))


@pytest.mark.parametrize(
    "fields",
    [
        {"suffix": "end"},
        {"messages": []},
        {"max_completion_tokens": 5},
        {"prompt": None},
        {"prompt": []},
        {"logprobs": 21},
        {"best_of": 21},
        {"reasoning_effort": "low"},
    ],
    ids=str,
)
def test_text_completion_has_its_own_fields(fake: Fake, fields: dict[str, Any]) -> None:
    body = {"model": GPT, "prompt": "Once", **fields}

    assert_invalid(post(fake, body, COMPLETIONS))


ALLOWED: dict[str, Any] = {
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
    "tools": [TOOL],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning_effort": "low",
    "reasoning_format": "parsed",
    "clear_thinking": True,
    "prediction": {"type": "content", "content": "x"},
    "service_tier": "flex",
}


def test_every_allowed_field_is_accepted(fake: Fake) -> None:
    assert post(fake, chat_body("hi", **ALLOWED)).status == 200


def test_null_counts_as_absent(fake: Fake) -> None:
    fields = [*ALLOWED, "max_tokens", "response_format", "disable_reasoning"]

    assert post(fake, chat_body("hi", **dict.fromkeys(fields))).status == 200
