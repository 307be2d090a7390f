"""`/v1/chat/completions`: requests in the upstream form."""

import copy
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.chat import OpenAIChat
from tests.translate.builders import (
    MODEL,
    Json,
    function,
    image_part,
    make_context,
    message,
    text_part,
)

CHAT = OpenAIChat()

USER, TOOL = message("user", "hello"), function("look_up", parameters={})
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
JSON_SCHEMA = {"name": "a", "strict": True, "schema": SCHEMA}


def to_upstream(*messages: Json, **fields: Any) -> Json:
    body = {"model": "mine", "messages": list(messages) or [USER], **fields}
    return CHAT.to_upstream(body, MODEL)


UNCHANGED_FIELDS: dict[str, Json] = {
    "empty": {},
    "sampling": {"temperature": 0, "top_p": 0.5, "seed": 0, "presence_penalty": 1},
    "more than four stops": {"stop": list("abcde")},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
    "schema": {"response_format": {"type": "json_schema", "json_schema": JSON_SCHEMA}},
    "tools": {"tools": [TOOL]},
}
NO_SCHEMA = {"type": "json_schema", "json_schema": {"schema": ""}}
CHANGED_FIELDS: dict[str, tuple[Json, Json]] = {
    "limit": ({"max_tokens": 5}, {"max_completion_tokens": 5}),
    "newer limit wins": (
        {"max_tokens": 5, "max_completion_tokens": 9},
        {"max_completion_tokens": 9},
    ),
    "no limit": ({"max_completion_tokens": -1}, {}),
    "stop": ({"stop": "x"}, {"stop": ["x"]}),
    "stops": ({"stop": ["x", 5, "", "y"]}, {"stop": ["x", "y"]}),
    "no stop": ({"stop": [""]}, {}),
    "effort": ({"reasoning": {"effort": "minimal"}}, {"reasoning_effort": "low"}),
    "logprobs alone": ({"logprobs": True, "top_logprobs": 0}, {"logprobs": True}),
    "no logprobs": ({"logprobs": False, "top_logprobs": 2}, {}),
    "json": (
        {"response_format": {"type": " JSON_object "}},
        {"response_format": {"type": "json_object"}},
    ),
    "text": ({"response_format": {"type": "text"}}, {}),
    "missing schema": ({"response_format": {"type": "json_schema"}}, {}),
    "empty schema": ({"response_format": NO_SCHEMA}, {}),
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
            "tool_choice": function("a", x=1),
            "parallel_tool_calls": False,
        },
        {"tools": [TOOL], "tool_choice": function("a"), "parallel_tool_calls": False},
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
FIELDS = {name: (sent, sent) for name, sent in UNCHANGED_FIELDS.items()}
FIELDS |= CHANGED_FIELDS


@pytest.mark.parametrize(("fields", "expected"), FIELDS.values(), ids=FIELDS)
def test_field_becomes_upstream_field(fields: Json, expected: Json) -> None:
    assert to_upstream(**fields) == {"messages": [USER], **expected}


def assistant(*calls: Json, **content: Any) -> Json:
    return {"role": "assistant", **content, "tool_calls": list(calls)}


def client_call(arguments: str, **fields: Any) -> Json:
    return {"function": {"name": "look_up", "arguments": arguments}, **fields}


CALL, NO_ARGUMENTS = (
    function("look_up", arguments=text) for text in ('{"a": 1}', "{}")
)
UNCHANGED_MESSAGES = {
    "developer": message("developer", "x"),
    "assistant with reasoning": message("assistant", "x", reasoning="hm"),
    "tool": message("tool", "A", tool_call_id="1", name="a"),
    "unknown role": message("narrator", "x"),
}
CHANGED_MESSAGES = {
    "user with name": (
        message("user", "x", name="me", tool_call_id="1"),
        message("user", "x"),
    ),
    "assistant with call": (
        assistant(client_call('{"a": 1}', id="1", index=0)),
        assistant({"id": "1", **CALL}, content=""),
    ),
    "call without id and arguments": (
        assistant(client_call("")),
        assistant(NO_ARGUMENTS, content=""),
    ),
    "call with null arguments": (
        assistant(client_call("null")),
        assistant(NO_ARGUMENTS, content=""),
    ),
    "tool with parts": (
        message("tool", [text_part("A")], tool_call_id="1"),
        message("tool", "A", tool_call_id="1"),
    ),
    "no role": ({"content": "x"}, message("", "x")),
}
MESSAGES = {name: (sent, sent) for name, sent in UNCHANGED_MESSAGES.items()}
MESSAGES |= CHANGED_MESSAGES


@pytest.mark.parametrize(("received", "sent"), MESSAGES.values(), ids=MESSAGES)
def test_message_becomes_upstream_message(received: Json, sent: Json) -> None:
    assert to_upstream(received)["messages"] == [sent]


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("arguments", ["x", "[1]", "5", "{", "[" * 100_000])
def test_arguments_other_than_an_object_are_refused(arguments: str) -> None:
    with pytest.raises(InvalidRequest, match="^invalid tool call arguments$"):
        to_upstream(assistant(client_call(arguments)))


def test_schema_other_than_an_object_is_refused() -> None:
    wanted = {"type": "json_schema", "json_schema": {"schema": [1]}}

    with pytest.raises(InvalidRequest) as refused:
        to_upstream(response_format=wanted)

    assert refused.value.message == (
        'invalid format: "[1]"; expected "json" or a valid JSON Schema object'
    )


def test_images_are_those_of_all_messages() -> None:
    body = {"messages": [USER, message("user", [image_part("data:;base64,AAAA")])]}

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
    body: Json, thinking: bool, tools: bool, is_shown: bool
) -> None:
    assert CHAT.needs(body) == {"thinking": thinking, "tools": tools}
    assert CHAT.shows_thinking(body) is is_shown


def test_body_is_not_changed() -> None:
    messages = [assistant(client_call(""), content=None)]
    body = {"messages": messages, "tools": [TOOL], "stop": ["", "x"]}
    before = copy.deepcopy(body)

    CHAT.to_upstream(body, MODEL)

    assert body == before


def test_debug_reply_shows_the_upstream_request() -> None:
    reply = CHAT.debug_reply({"messages": []}, make_context())

    assert reply["object"] == "chat.completion"
    assert reply["choices"] == [
        {"index": 0, "message": message("assistant"), "finish_reason": None}
    ]
    assert reply["_debug_info"] == {"rendered_template": '{"messages":[]}'}
