"""Unknown keys, wrong types and wrong values are refused wherever they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import COMPLETIONS, Answer, post, user

TOOL = {"type": "function", "function": {"name": "look"}}
CALL = {"id": "a1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def refused_property(path: str) -> dict[str, str]:
    return {
        "message": f"{path}: property '{path}' is unsupported",
        "type": "invalid_request_error",
        "param": "validation_error",
        "code": "wrong_api_format",
    }


def with_message(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": "gpt-oss-120b", "messages": [message]}


def with_tool(**function: Any) -> dict[str, Any]:
    tool = {"type": "function", "function": {"name": "look", **function}}
    return user("hi", tools=[tool])


def with_call(**more: Any) -> dict[str, Any]:
    return with_message({"role": "assistant", "tool_calls": [{**CALL, **more}]})


def with_part(part: dict[str, Any]) -> dict[str, Any]:
    return with_message({"role": "user", "content": [part]})


UNKNOWN_KEYS = {
    **{
        f"body.{key}": user("hi", **{key: value})
        for key, value in {
            "store": True,
            "maxTokens": 5,
            "thinking": {"type": "enabled"},
            "reasoning": {"effort": "low"},
            "enable_thinking": True,
            "verbosity": "low",
            "top_k": 40,
            "min_p": 0.1,
            "repetition_penalty": 1.1,
            "queue_threshold": 50,
            "options": {},
            "keep_alive": "5m",
            "format": "json",
            "disable_reasoning": True,
            "model_parameters": {},
            "prompt_cache_key": "x",
        }.items()
    },
    "body.stream_options.x": user("hi", stream_options={"x": True}),
    "body.response_format.x": user("hi", response_format={"type": "text", "x": 1}),
    "body.response_format.json_schema.x": user(
        "hi",
        response_format={"type": "json_schema", "json_schema": {"name": "a", "x": 1}},
    ),
    "body.prediction.x": user(
        "hi", prediction={"type": "content", "content": "a", "x": 1}
    ),
    "messages.0.user.images": with_message(
        {"role": "user", "content": "hi", "images": []}
    ),
    "messages.0.assistant.reasoning_content": with_message(
        {"role": "assistant", "content": "hi", "reasoning_content": "hm"}
    ),
    "messages.0.assistant.thinking": with_message(
        {"role": "assistant", "content": "hi", "thinking": "hm"}
    ),
    "messages.0.assistant.refusal": with_message(
        {"role": "assistant", "content": "hi", "refusal": None}
    ),
    "messages.0.tool.tool_name": with_message(
        {"role": "tool", "content": "hi", "tool_call_id": "a", "tool_name": "look"}
    ),
    "messages.0.system.cache_control": with_message(
        {"role": "system", "content": "hi", "cache_control": {}}
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
    "tools.0.x": user("hi", tools=[{**TOOL, "x": 1}]),
    "tools.0.function.x": with_tool(x=1),
}


@pytest.mark.parametrize("path", UNKNOWN_KEYS)
def test_unknown_key_is_refused_by_its_path(fake: Fake, path: str) -> None:
    answer = post(fake, UNKNOWN_KEYS[path])

    assert (answer.status, answer.json) == (400, refused_property(path))


def test_several_faults_are_joined_by_newlines(fake: Fake) -> None:
    assistant = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    messages = [{"role": "user", "content": "q"}, *[assistant] * 2]
    body = {"model": "gpt-oss-120b", "messages": messages, "store": True}

    answer = post(fake, body)

    paths = [
        "messages.1.assistant.reasoning_content",
        "messages.2.assistant.reasoning_content",
        "body.store",
    ]
    assert answer.json["message"] == "\n".join(
        f"{path}: property '{path}' is unsupported" for path in paths
    )


WRONG_VALUES: dict[str, dict[str, Any]] = {
    "no model": {"messages": [{"role": "user", "content": "hi"}]},
    "model is null": user("hi", model=None),
    "model is a number": user("hi", model=5),
    "no messages": {"model": "gpt-oss-120b"},
    "messages are empty": {"model": "gpt-oss-120b", "messages": []},
    "messages are text": {"model": "gpt-oss-120b", "messages": "hi"},
    "message is text": {"model": "gpt-oss-120b", "messages": ["hi"]},
    "message has no role": with_message({"content": "hi"}),
    "role is unknown": with_message({"role": "function", "content": "hi"}),
    "role is a list": with_message({"role": ["user"], "content": "hi"}),
    "user has no content": with_message({"role": "user"}),
    "user's content is null": with_message({"role": "user", "content": None}),
    "content is a number": with_message({"role": "user", "content": 5}),
    "part is text": with_message({"role": "user", "content": ["hi"]}),
    "part is unknown": with_part({"type": "video", "text": "hi"}),
    "part has no text": with_part({"type": "text"}),
    "image has no url": with_part({"type": "image_url", "image_url": {}}),
    "assistant shows an image": with_message(
        {"role": "assistant", "content": [{"type": "image", "image": "data:"}]}
    ),
    "tool has no id": with_message({"role": "tool", "content": "hi"}),
    "tool has no content": with_message({"role": "tool", "tool_call_id": "a"}),
    "call has no id": with_call(id=None),
    "call has no function": with_call(function=None),
    "arguments are an object": with_call(function={"name": "x", "arguments": {}}),
    "temperature above 2": user("hi", temperature=2.1),
    "temperature below 0": user("hi", temperature=-0.1),
    "temperature is text": user("hi", temperature="1"),
    "temperature is a boolean": user("hi", temperature=True),
    "top_p above 1": user("hi", top_p=1.1),
    "frequency_penalty below -2": user("hi", frequency_penalty=-2.1),
    "presence_penalty above 2": user("hi", presence_penalty=2.1),
    "max_completion_tokens below -1": user("hi", max_completion_tokens=-2),
    "max_completion_tokens is a float": user("hi", max_completion_tokens=5.0),
    "max_tokens below -1": user("hi", max_tokens=-2),
    "both caps": user("hi", max_tokens=5, max_completion_tokens=5),
    "seed is a float": user("hi", seed=1.5),
    "five stops": user("hi", stop=list("abcde")),
    "stop is a number": user("hi", stop=[1]),
    "n is 0": user("hi", n=0),
    "logprobs is a number": user("hi", logprobs=5),
    "top_logprobs above 20": user("hi", logprobs=True, top_logprobs=21),
    "top_logprobs without logprobs": user("hi", top_logprobs=2),
    "101 biases": user("hi", logit_bias={str(n): 1 for n in range(101)}),
    "bias is text": user("hi", logit_bias={"1": "a"}),
    "stream is text": user("hi", stream="true"),
    "tools are an object": user("hi", tools=TOOL),
    "tool is not a function": user("hi", tools=[{**TOOL, "type": "web"}]),
    "tool has no name": user("hi", tools=[{"type": "function", "function": {}}]),
    "tool's name has a blank": with_tool(name="a b"),
    "tool's name has 65 letters": with_tool(name="a" * 65),
    "parameters are text": with_tool(parameters="{}"),
    "strict is text": with_tool(strict="true"),
    "tool_choice is unknown": user("hi", tools=[TOOL], tool_choice="any"),
    "format is unknown": user("hi", response_format={"type": "json"}),
    "format is text": user("hi", response_format="json_object"),
    "reasoning_format is unknown": user("hi", reasoning_format="deep"),
    "service_tier is unknown": user("hi", service_tier="turbo"),
}


def assert_refused(answer: Answer) -> None:
    assert answer.status == 400
    assert set(answer.json) >= {"message", "type", "param", "code"}
    assert answer.json["type"] == "invalid_request_error"


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_wrong_value_is_refused(fake: Fake, case: str) -> None:
    assert_refused(post(fake, WRONG_VALUES[case]))


def raw(**more: Any) -> dict[str, Any]:
    return {"model": "gpt-oss-120b", "prompt": "Once", **more}


@pytest.mark.parametrize(
    "body",
    [
        raw(suffix="end"),
        raw(messages=[]),
        raw(max_completion_tokens=5),
        raw(prompt=None),
        raw(prompt=[]),
        raw(logprobs=21),
        raw(best_of=21),
        raw(reasoning_effort="low"),
    ],
    ids=lambda body: next(reversed(body)),
)
def test_completions_have_a_list_of_their_own(fake: Fake, body: dict[str, Any]) -> None:
    assert_refused(post(fake, body, COMPLETIONS))


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


def test_every_allowed_key_is_taken(fake: Fake) -> None:
    assert post(fake, user("hi", **ALLOWED)).status == 200


def test_null_is_as_good_as_absent(fake: Fake) -> None:
    keys = [*ALLOWED, "max_tokens", "response_format", "disable_reasoning"]

    assert post(fake, user("hi", **dict.fromkeys(keys))).status == 200
