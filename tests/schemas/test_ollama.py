"""Schemas of the native API."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas.base import BodySchema
from app.schemas.ollama import ChatSchema, CreateSchema, GenerateSchema, ShowSchema

CHAT, GENERATE, SHOW = ChatSchema(), GenerateSchema(), ShowSchema()

CHOICES = '"high", "medium", "low", "max"'


def read_refusal(schema: BodySchema, body: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        schema.load(body)
    return caught.value.message


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


def test_wrong_type_is_reported_before_wrong_range() -> None:
    body = {"top_logprobs": 21, "messages": "x"}

    assert "ChatRequest.messages" in read_refusal(CHAT, body)


@pytest.mark.parametrize(
    ("schema", "body", "text"),
    [
        (GENERATE, {"options": []}, "array options map[string]interface {}"),
        (GENERATE, {"images": "abc"}, "string images []api.ImageData"),
        (GENERATE, {"prompt": {}}, "object prompt string"),
        (CHAT, {"messages": "x"}, "string messages []api.Message"),
        (CHAT, {"messages": ["x"]}, "string messages api.Alias"),
        (CHAT, {"messages": [{"content": 1}]}, "number messages.content string"),
        (CHAT, {"messages": [{"content": []}]}, "array messages.content string"),
        (
            CHAT,
            {"messages": [{"tool_calls": {}}]},
            "object messages.tool_calls []api.ToolCall",
        ),
        (CHAT, {"tools": "x"}, "string tools api.Tools"),
        (CHAT, {"tools": {}}, "object tools api.Tools"),
        (
            CHAT,
            {"tools": [{"function": {"parameters": {"type": []}}}]},
            "array tools.function.parameters.type string",
        ),
    ],
)
def test_refusal_names_the_field_with_the_wrong_type(
    schema: BodySchema, body: dict[str, Any], text: str
) -> None:
    kind, field, go_type = text.split(" ", 2)
    request = "ChatRequest" if schema is CHAT else "GenerateRequest"

    assert read_refusal(schema, body) == (
        f"json: cannot unmarshal {kind} into Go struct field "
        f"{request}.{field} of type {go_type}"
    )


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
