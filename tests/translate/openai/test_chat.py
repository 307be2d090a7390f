"""A request of `/v1/chat/completions` becomes the upstream form."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.chat import pictures, to_upstream, wants_usage

USER = {"role": "user", "content": "hello"}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {}}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def chat(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "mine", "messages": list(messages) or [USER], **fields}


def sent(**fields: Any) -> dict[str, Any]:
    """What the fields of a request become, beside its messages."""
    request = to_upstream(chat(**fields))
    assert request.pop("messages") == [USER]
    return request


def call(arguments: str | None = "{}", **fields: Any) -> dict[str, Any]:
    return {"function": {"name": "look_up", "arguments": arguments}, **fields}


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "sampling": (
        {"temperature": 0, "top_p": 0.5, "seed": 0, "presence_penalty": 1},
        {"temperature": 0, "top_p": 0.5, "seed": 0, "presence_penalty": 1},
    ),
    "a cap": ({"max_tokens": 5}, {"max_completion_tokens": 5}),
    "the newer cap wins": (
        {"max_tokens": 5, "max_completion_tokens": 9},
        {"max_completion_tokens": 9},
    ),
    "no cap": ({"max_completion_tokens": -1}, {}),
    "a stop": ({"stop": "x"}, {"stop": ["x"]}),
    "stops": ({"stop": ["x", 5, "", "y"]}, {"stop": ["x", "y"]}),
    "more than four stops": ({"stop": list("abcde")}, {"stop": list("abcde")}),
    "no stop": ({"stop": [""]}, {}),
    "effort": ({"reasoning": {"effort": "minimal"}}, {"reasoning_effort": "low"}),
    "logprobs": (
        {"logprobs": True, "top_logprobs": 2},
        {"logprobs": True, "top_logprobs": 2},
    ),
    "logprobs alone": ({"logprobs": True, "top_logprobs": 0}, {"logprobs": True}),
    "no logprobs": ({"logprobs": False, "top_logprobs": 2}, {}),
    "json": (
        {"response_format": {"type": " JSON_object "}},
        {"response_format": {"type": "json_object"}},
    ),
    "a schema": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "strict": True, "schema": SCHEMA},
            }
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "strict": True, "schema": SCHEMA},
            }
        },
    ),
    "text": ({"response_format": {"type": "text"}}, {}),
    "a schema that is missing": ({"response_format": {"type": "json_schema"}}, {}),
    "a schema that is empty": (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": ""}}},
        {},
    ),
    "tools": ({"tools": [TOOL]}, {"tools": [TOOL]}),
    "no tools": (
        {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True},
        {},
    ),
    "a tool that is no function": (
        {"tools": [{"type": "web_search"}, TOOL], "tool_choice": "required"},
        {"tools": [TOOL], "tool_choice": "required"},
    ),
    "a named tool, one at a time": (
        {
            "tools": [TOOL],
            "tool_choice": {"type": "function", "function": {"name": "a", "x": 1}},
            "parallel_tool_calls": False,
        },
        {
            "tools": [TOOL],
            "tool_choice": {"type": "function", "function": {"name": "a"}},
            "parallel_tool_calls": False,
        },
    ),
    "an unknown choice": ({"tools": [TOOL], "tool_choice": "any"}, {"tools": [TOOL]}),
    "a choice of no shape": (
        {"tools": [TOOL], "tool_choice": {"function": 5}},
        {"tools": [TOOL]},
    ),
    "a prediction": (
        {"prediction": {"type": "content", "content": "x", "y": 1}},
        {"prediction": {"type": "content", "content": "x"}},
    ),
    "another prediction": ({"prediction": {"type": "x", "content": "x"}}, {}),
    "what nobody declared": ({"options": {"num_ctx": 9}, "n": 2, "user": "me"}, {}),
}


@pytest.mark.parametrize(("fields", "expected"), FIELDS.values(), ids=FIELDS.keys())
def test_fields_become_those_of_the_upstream(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert sent(**fields) == expected


MESSAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a developer": (
        {"role": "developer", "content": "x"},
        {"role": "developer", "content": "x"},
    ),
    "a user with a name": (
        {"role": "user", "content": "x", "name": "me", "tool_call_id": "1"},
        {"role": "user", "content": "x"},
    ),
    "an assistant that thought": (
        {"role": "assistant", "content": "x", "reasoning": "hm"},
        {"role": "assistant", "content": "x", "reasoning": "hm"},
    ),
    "an assistant that called": (
        {"role": "assistant", "tool_calls": [call('{"a": 1}', id="1", index=0)]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [call('{"a": 1}', id="1", type="function")],
        },
    ),
    "a call without id and arguments": (
        {"role": "assistant", "tool_calls": [call("")]},
        {"role": "assistant", "content": "", "tool_calls": [call(type="function")]},
    ),
    "a call of null": (
        {"role": "assistant", "tool_calls": [call("null")]},
        {"role": "assistant", "content": "", "tool_calls": [call(type="function")]},
    ),
    "a tool": (
        {"role": "tool", "content": "A", "tool_call_id": "1", "name": "a"},
        {"role": "tool", "content": "A", "tool_call_id": "1", "name": "a"},
    ),
    "a tool that answers in parts": (
        {
            "role": "tool",
            "content": [{"type": "text", "text": "A"}],
            "tool_call_id": "1",
        },
        {"role": "tool", "content": "A", "tool_call_id": "1"},
    ),
    "a role of its own": (
        {"role": "narrator", "content": "x"},
        {"role": "narrator", "content": "x"},
    ),
    "no role": ({"content": "x"}, {"role": "", "content": "x"}),
}


@pytest.mark.parametrize(
    ("message", "expected"), MESSAGES.values(), ids=MESSAGES.keys()
)
def test_messages_become_those_of_the_upstream(
    message: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert to_upstream(chat(message))["messages"] == [expected]


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("arguments", ["x", "[1]", "5", "{", "[" * 100_000])
def test_arguments_that_are_no_object_are_refused(arguments: str) -> None:
    message = {"role": "assistant", "tool_calls": [call(arguments)]}

    with pytest.raises(InvalidRequest, match="^invalid tool call arguments$"):
        to_upstream(chat(message))


def test_a_schema_of_another_kind_is_refused_in_ollamas_words() -> None:
    described = {"type": "json_schema", "json_schema": {"schema": [1]}}

    with pytest.raises(InvalidRequest) as refused:
        sent(response_format=described)

    assert refused.value.message == (
        'invalid format: "[1]"; expected "json" or a valid JSON Schema object'
    )


def test_the_pictures_of_a_request_are_found() -> None:
    shown = {"type": "image_url", "image_url": {"url": "data:;base64,AAAA"}}

    body = chat({"role": "user", "content": [shown]})

    assert list(pictures(body)) == ["AAAA"]
    assert list(pictures({})) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, False),
        ({"stream_options": {}}, False),
        ({"stream_options": {"include_usage": False}}, False),
        ({"stream_options": {"include_usage": True}}, True),
    ],
    ids=str,
)
def test_usage_is_told_to_those_who_ask(body: dict[str, Any], expected: bool) -> None:
    assert wants_usage(body) is expected


def test_requests_are_never_changed() -> None:
    message = {"role": "assistant", "tool_calls": [call("")], "content": None}
    body = chat(message, tools=[TOOL], stop=["", "x"])
    before = copy.deepcopy(body)

    to_upstream(body)

    assert body == before
