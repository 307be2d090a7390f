"""Schemas of the native API."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas.base import BodySchema
from app.schemas.ollama import ChatSchema, CreateSchema, GenerateSchema, ShowSchema

CHAT, GENERATE, SHOW = ChatSchema(), GenerateSchema(), ShowSchema()

CHOICES = '"high", "medium", "low", "max"'
ARGUMENTS_NOT_OBJECT = "Value looks like object, but can't find closing '}' symbol"


def read_refusal(schema: BodySchema, body: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        schema.load(body)
    return caught.value.message


def go_error(field: str, go_type: str, kind: str) -> str:
    return (
        f"json: cannot unmarshal {kind} into Go struct field {field} of type {go_type}"
    )


def test_generate_loads_every_field() -> None:
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

    assert GENERATE.load(body) == body


def test_empty_values_of_the_go_client_are_accepted() -> None:
    body = {"model": "", "name": "x", "options": None, "verbose": False, "system": ""}

    loaded = SHOW.load(body)

    assert loaded == {"model": "", "name": "x", "verbose": False, "system": ""}


@pytest.mark.parametrize("think", [True, False, "high", "medium", "low", "max"])
def test_think_accepts_a_bool_or_a_level(think: Any) -> None:
    assert CHAT.load({"think": think}) == {"think": think}


@pytest.mark.parametrize("think", ["ultra", "", "true", "HIGH", 'a"b', "é"])
def test_think_with_an_unknown_level_is_refused(think: str) -> None:
    quoted = think.replace('"', '\\"')
    text = f'invalid think value: "{quoted}" (must be {CHOICES}, true, or false)'
    assert read_refusal(CHAT, {"think": think}) == text


@pytest.mark.parametrize("think", [1, 0.5, {}, []])
def test_think_of_another_type_is_refused(think: Any) -> None:
    text = f"think must be a boolean or string ({CHOICES}, true, or false)"
    assert read_refusal(GENERATE, {"think": think}) == text


@pytest.mark.parametrize("count", [21, -1, 10**30, 1e300])
def test_top_logprobs_out_of_range_is_refused(count: int) -> None:
    text = "top_logprobs must be between 0 and 20"
    assert read_refusal(CHAT, {"top_logprobs": count}) == text


def test_wrong_type_is_reported_before_wrong_range() -> None:
    body = {"top_logprobs": 21, "messages": "x"}

    assert "ChatRequest.messages" in read_refusal(CHAT, body)


@pytest.mark.parametrize(
    ("schema", "body", "text"),
    [
        (
            GENERATE,
            {"options": []},
            go_error("GenerateRequest.options", "map[string]interface {}", "array"),
        ),
        (
            GENERATE,
            {"context": [1.5]},
            go_error("GenerateRequest.context", "int", "number 1.5"),
        ),
        (
            GENERATE,
            {"images": "abc"},
            go_error("GenerateRequest.images", "[]api.ImageData", "string"),
        ),
        (
            GENERATE,
            {"prompt": {}},
            go_error("GenerateRequest.prompt", "string", "object"),
        ),
        (
            CHAT,
            {"messages": "x"},
            go_error("ChatRequest.messages", "[]api.Message", "string"),
        ),
        (
            CHAT,
            {"messages": ["x"]},
            go_error("ChatRequest.messages", "api.Alias", "string"),
        ),
        (
            CHAT,
            {"messages": [{"content": 1}]},
            go_error("ChatRequest.messages.content", "string", "number"),
        ),
        (
            CHAT,
            {"messages": [{"content": []}]},
            go_error("ChatRequest.messages.content", "string", "array"),
        ),
        (
            CHAT,
            {"messages": [{"tool_calls": {}}]},
            go_error("ChatRequest.messages.tool_calls", "[]api.ToolCall", "object"),
        ),
        (CHAT, {"tools": "x"}, go_error("ChatRequest.tools", "api.Tools", "string")),
        (CHAT, {"tools": {}}, go_error("ChatRequest.tools", "api.Tools", "object")),
        (
            CHAT,
            {"tools": [{"function": {"parameters": {"type": []}}}]},
            go_error("ChatRequest.tools.function.parameters.type", "string", "array"),
        ),
        (
            CHAT,
            {"tools": [{"function": {"parameters": {"properties": {"x": True}}}}]},
            go_error(
                "ToolFunctionParameters.tools.function.parameters.properties",
                "api.ToolProperty",
                "bool",
            ),
        ),
    ],
)
def test_refusal_names_the_field_with_the_wrong_type(
    schema: BodySchema, body: dict[str, Any], text: str
) -> None:
    assert read_refusal(schema, body) == text


@pytest.mark.parametrize("arguments", ['{"a":1}', [], 1, True])
def test_tool_call_arguments_must_be_an_object(arguments: Any) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    body = {"messages": [{"role": "assistant", "tool_calls": [call]}]}

    assert read_refusal(CHAT, body) == ARGUMENTS_NOT_OBJECT


@pytest.mark.parametrize(
    ("message", "loaded"),
    [
        (None, {"role": "", "content": ""}),
        ({}, {"role": "", "content": ""}),
        ({"ROLE": "User", "Content": None}, {"role": "user", "content": ""}),
        ({"role": "tool", "name": "f"}, {"role": "tool", "content": ""}),
    ],
    ids=["null", "empty", "other case", "unknown key"],
)
def test_incomplete_message_gets_defaults(message: Any, loaded: dict[str, str]) -> None:
    assert CHAT.load({"messages": [message]}) == {"messages": [loaded]}


@pytest.mark.parametrize(
    ("call", "loaded"),
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
    ids=["empty", "no arguments", "type"],
)
def test_incomplete_tool_call_gets_defaults(call: Any, loaded: dict[str, Any]) -> None:
    [message] = CHAT.load({"messages": [{"tool_calls": [call]}]})["messages"]

    assert message["tool_calls"] == [loaded]


def test_unknown_keys_of_tool_parameters_are_kept() -> None:
    parameters = {
        "type": "object",
        "properties": {"b": {"type": "string", "default": "x"}, "a": {"oneOf": []}},
        "additionalProperties": False,
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}

    loaded = CHAT.load({"tools": [tool]})

    assert loaded == {"tools": [tool]}
    assert list(loaded["tools"][0]["function"]["parameters"]["properties"]) == [
        "b",
        "a",
    ]


def test_create_accepts_from() -> None:
    assert CreateSchema().load({"From": "m", "stream": False}) == {
        "stream": False,
        "from": "m",
    }
