"""`/v1/chat/completions`: requests in the upstream form."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.chat import OpenAIChat
from tests.translate.builders import MODEL, make_context

CHAT = OpenAIChat()

USER = {"role": "user", "content": "hello"}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {}}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def to_upstream(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"model": "mine", "messages": list(messages) or [USER], **fields}
    return CHAT.to_upstream(body, MODEL)


def tool_call(arguments: str | None = "{}", **fields: Any) -> dict[str, Any]:
    return {"function": {"name": "look_up", "arguments": arguments}, **fields}


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "empty": ({}, {}),
    "sampling": (
        {"temperature": 0, "top_p": 0.5, "seed": 0, "presence_penalty": 1},
        {"temperature": 0, "top_p": 0.5, "seed": 0, "presence_penalty": 1},
    ),
    "limit": ({"max_tokens": 5}, {"max_completion_tokens": 5}),
    "newer limit wins": (
        {"max_tokens": 5, "max_completion_tokens": 9},
        {"max_completion_tokens": 9},
    ),
    "no limit": ({"max_completion_tokens": -1}, {}),
    "stop": ({"stop": "x"}, {"stop": ["x"]}),
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
    "schema": (
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
    "missing schema": ({"response_format": {"type": "json_schema"}}, {}),
    "empty schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": ""}}},
        {},
    ),
    "tools": ({"tools": [TOOL]}, {"tools": [TOOL]}),
    "no tools": (
        {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True},
        {},
    ),
    "tool without function": (
        {"tools": [{"type": "web_search"}, TOOL], "tool_choice": "required"},
        {"tools": [TOOL], "tool_choice": "required"},
    ),
    "named tool, no parallel calls": (
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
    "unknown choice": ({"tools": [TOOL], "tool_choice": "any"}, {"tools": [TOOL]}),
    "malformed choice": (
        {"tools": [TOOL], "tool_choice": {"function": 5}},
        {"tools": [TOOL]},
    ),
    "prediction": (
        {"prediction": {"type": "content", "content": "x", "y": 1}},
        {"prediction": {"type": "content", "content": "x"}},
    ),
    "unknown prediction": ({"prediction": {"type": "x", "content": "x"}}, {}),
    "undeclared fields": ({"options": {"num_ctx": 9}, "n": 2, "user": "me"}, {}),
}


@pytest.mark.parametrize(("fields", "expected"), FIELDS.values(), ids=FIELDS.keys())
def test_field_becomes_upstream_field(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert to_upstream(**fields) == {"messages": [USER], **expected}


MESSAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "developer": (
        {"role": "developer", "content": "x"},
        {"role": "developer", "content": "x"},
    ),
    "user with name": (
        {"role": "user", "content": "x", "name": "me", "tool_call_id": "1"},
        {"role": "user", "content": "x"},
    ),
    "assistant with reasoning": (
        {"role": "assistant", "content": "x", "reasoning": "hm"},
        {"role": "assistant", "content": "x", "reasoning": "hm"},
    ),
    "assistant with call": (
        {"role": "assistant", "tool_calls": [tool_call('{"a": 1}', id="1", index=0)]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [tool_call('{"a": 1}', id="1", type="function")],
        },
    ),
    "call without id and arguments": (
        {"role": "assistant", "tool_calls": [tool_call("")]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [tool_call(type="function")],
        },
    ),
    "call with null arguments": (
        {"role": "assistant", "tool_calls": [tool_call("null")]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [tool_call(type="function")],
        },
    ),
    "tool": (
        {"role": "tool", "content": "A", "tool_call_id": "1", "name": "a"},
        {"role": "tool", "content": "A", "tool_call_id": "1", "name": "a"},
    ),
    "tool with parts": (
        {
            "role": "tool",
            "content": [{"type": "text", "text": "A"}],
            "tool_call_id": "1",
        },
        {"role": "tool", "content": "A", "tool_call_id": "1"},
    ),
    "unknown role": (
        {"role": "narrator", "content": "x"},
        {"role": "narrator", "content": "x"},
    ),
    "no role": ({"content": "x"}, {"role": "", "content": "x"}),
}


@pytest.mark.parametrize(
    ("message", "expected"), MESSAGES.values(), ids=MESSAGES.keys()
)
def test_message_becomes_upstream_message(
    message: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert to_upstream(message)["messages"] == [expected]


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("arguments", ["x", "[1]", "5", "{", "[" * 100_000])
def test_arguments_other_than_an_object_are_refused(arguments: str) -> None:
    message = {"role": "assistant", "tool_calls": [tool_call(arguments)]}

    with pytest.raises(InvalidRequest, match="^invalid tool call arguments$"):
        to_upstream(message)


def test_schema_other_than_an_object_is_refused() -> None:
    wanted = {"type": "json_schema", "json_schema": {"schema": [1]}}

    with pytest.raises(InvalidRequest) as refused:
        to_upstream(response_format=wanted)

    assert refused.value.message == (
        'invalid format: "[1]"; expected "json" or a valid JSON Schema object'
    )


def test_images_are_those_of_all_messages() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:;base64,AAAA"}}

    body = {"messages": [USER, {"role": "user", "content": [image]}]}

    assert list(CHAT.images(body)) == ["AAAA"]
    assert list(CHAT.images({})) == []


@pytest.mark.parametrize(
    ("body", "thinking", "tools", "is_shown"),
    [
        ({}, False, False, True),
        ({"reasoning_effort": "none", "tools": []}, False, False, False),
        ({"reasoning_effort": "low", "tools": [TOOL]}, True, True, True),
    ],
    ids=["empty", "none", "both"],
)
def test_effort_needs_and_shows_thinking(
    body: dict[str, Any], thinking: bool, tools: bool, is_shown: bool
) -> None:
    assert CHAT.needs(body) == {"thinking": thinking, "tools": tools}
    assert CHAT.shows_thinking(body) is is_shown


def test_body_is_not_changed() -> None:
    message = {"role": "assistant", "tool_calls": [tool_call("")], "content": None}
    body = {"messages": [message], "tools": [TOOL], "stop": ["", "x"]}
    before = copy.deepcopy(body)

    CHAT.to_upstream(body, MODEL)

    assert body == before


def test_debug_reply_shows_the_upstream_request() -> None:
    reply = CHAT.debug_reply({"messages": []}, make_context())

    assert reply["object"] == "chat.completion"
    assert reply["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": ""},
            "finish_reason": None,
        }
    ]
    assert reply["_debug_info"] == {"rendered_template": '{"messages":[]}'}
