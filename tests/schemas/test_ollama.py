"""The bodies of the native API."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas import fields
from app.schemas.ollama import ChatRequest, GenerateRequest, ShowRequest

CHAT, GENERATE, SHOW = ChatRequest(), GenerateRequest(), ShowRequest()

CHOICES = '"high", "medium", "low", "max"'
STRINGIFIED = "Value looks like object, but can't find closing '}' symbol"


def refusal(schema: fields.Request, body: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        fields.load(schema, body)
    return caught.value.message


def into(field: str, go_type: str, kind: str) -> str:
    return (
        f"json: cannot unmarshal {kind} into Go struct field {field} of type {go_type}"
    )


def test_every_field_of_generate_arrives() -> None:
    body = {
        "model": "m",
        "stream": False,
        "format": {"type": "object"},
        "keep_alive": 0,
        "options": {"seed": 1},
        "think": "low",
        "truncate": True,
        "shift": False,
        "logprobs": True,
        "top_logprobs": 20,
        "_debug_render_only": True,
        "prompt": "p",
        "suffix": "s",
        "system": "y",
        "template": "t",
        "context": [1],
        "raw": True,
        "images": [],
    }

    assert fields.load(GENERATE, body) == body


def test_what_the_go_client_sends_for_nothing_is_taken() -> None:
    body = {"model": "", "name": "x", "options": None, "verbose": False, "system": ""}

    loaded = fields.load(SHOW, body)

    assert loaded == {"model": "", "name": "x", "verbose": False, "system": ""}


@pytest.mark.parametrize("think", [True, False, "high", "medium", "low", "max"])
def test_think_is_a_flag_or_a_level(think: Any) -> None:
    assert fields.load(CHAT, {"think": think}) == {"think": think}


@pytest.mark.parametrize("think", ["ultra", "", "true", "HIGH", 'a"b', "é"])
def test_another_level_is_refused(think: str) -> None:
    quoted = think.replace('"', '\\"')
    text = f'invalid think value: "{quoted}" (must be {CHOICES}, true, or false)'
    assert refusal(CHAT, {"think": think}) == text


@pytest.mark.parametrize("think", [1, 0.5, {}, []])
def test_another_type_of_think_is_refused(think: Any) -> None:
    text = f"think must be a boolean or string ({CHOICES}, true, or false)"
    assert refusal(GENERATE, {"think": think}) == text


@pytest.mark.parametrize("count", [21, -1, 10**30, 1e300])
def test_top_logprobs_has_a_range(count: int) -> None:
    text = "top_logprobs must be between 0 and 20"
    assert refusal(CHAT, {"top_logprobs": count}) == text


def test_a_wrong_type_is_told_before_a_wrong_range() -> None:
    body = {"top_logprobs": 21, "messages": "x"}

    assert "ChatRequest.messages" in refusal(CHAT, body)


@pytest.mark.parametrize(
    ("schema", "body", "text"),
    [
        (
            GENERATE,
            {"options": []},
            into("GenerateRequest.options", "map[string]interface {}", "array"),
        ),
        (
            GENERATE,
            {"context": [1.5]},
            into("GenerateRequest.context", "int", "number 1.5"),
        ),
        (
            GENERATE,
            {"images": "abc"},
            into("GenerateRequest.images", "[]api.ImageData", "string"),
        ),
        (GENERATE, {"prompt": {}}, into("GenerateRequest.prompt", "string", "object")),
        (
            CHAT,
            {"messages": "x"},
            into("ChatRequest.messages", "[]api.Message", "string"),
        ),
        (
            CHAT,
            {"messages": ["x"]},
            into("ChatRequest.messages", "api.Alias", "string"),
        ),
        (
            CHAT,
            {"messages": [{"content": 1}]},
            into("ChatRequest.messages.content", "string", "number"),
        ),
        (
            CHAT,
            {"messages": [{"content": []}]},
            into("ChatRequest.messages.content", "string", "array"),
        ),
        (
            CHAT,
            {"messages": [{"tool_calls": {}}]},
            into("ChatRequest.messages.tool_calls", "[]api.ToolCall", "object"),
        ),
        (CHAT, {"tools": "x"}, into("ChatRequest.tools", "api.Tools", "string")),
        (CHAT, {"tools": {}}, into("ChatRequest.tools", "api.Tools", "object")),
        (
            CHAT,
            {"tools": [{"function": {"parameters": {"type": []}}}]},
            into("ChatRequest.tools.function.parameters.type", "string", "array"),
        ),
        (
            CHAT,
            {"tools": [{"function": {"parameters": {"properties": {"x": True}}}}]},
            into(
                "ToolFunctionParameters.tools.function.parameters.properties",
                "api.ToolProperty",
                "bool",
            ),
        ),
    ],
)
def test_a_wrong_type_is_told_with_its_place(
    schema: fields.Request, body: dict[str, Any], text: str
) -> None:
    assert refusal(schema, body) == text


@pytest.mark.parametrize("arguments", ['{"a":1}', [], 1, True])
def test_arguments_that_are_no_object_are_refused(arguments: Any) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    body = {"messages": [{"role": "assistant", "tool_calls": [call]}]}

    assert refusal(CHAT, body) == STRINGIFIED


@pytest.mark.parametrize(
    ("message", "read"),
    [
        (None, {"role": "", "content": ""}),
        ({}, {"role": "", "content": ""}),
        ({"ROLE": "User", "Content": None}, {"role": "user", "content": ""}),
        ({"role": "tool", "name": "f"}, {"role": "tool", "content": ""}),
    ],
    ids=["null", "empty", "other spellings", "an unknown key"],
)
def test_messages_are_read_leniently(message: Any, read: dict[str, str]) -> None:
    assert fields.load(CHAT, {"messages": [message]}) == {"messages": [read]}


@pytest.mark.parametrize(
    ("call", "read"),
    [
        ({}, {"function": {"name": "", "arguments": {}}}),
        ({"function": {"name": "f"}}, {"function": {"name": "f", "arguments": {}}}),
        (
            {
                "id": "c",
                "type": "function",
                "function": {"arguments": {"b": 1, "a": 2}},
            },
            {"id": "c", "function": {"arguments": {"b": 1, "a": 2}}},
        ),
    ],
    ids=["empty", "no arguments", "a type"],
)
def test_tool_calls_are_read_leniently(call: Any, read: dict[str, Any]) -> None:
    loaded = fields.load(CHAT, {"messages": [{"tool_calls": [call]}]})

    assert loaded["messages"][0]["tool_calls"] == [read]


def test_the_schema_of_a_tool_is_kept_whole() -> None:
    parameters = {
        "type": "object",
        "properties": {"b": {"type": "string", "default": "x"}, "a": {"oneOf": []}},
        "additionalProperties": False,
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}

    loaded = fields.load(CHAT, {"tools": [tool]})

    assert loaded == {"tools": [tool]}
    assert list(loaded["tools"][0]["function"]["parameters"]["properties"]) == [
        "b",
        "a",
    ]
