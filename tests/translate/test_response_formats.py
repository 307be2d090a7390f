"""Response formats are fitted to what the upstream supports."""

import copy
from typing import Any

import pytest

from app.translate.response_formats import (
    fit_format,
    must_be_whole,
    satisfies,
    without_tools,
)
from tests.translate.builders import Json, function, message, text_part

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
STRICT = SCHEMA | {"additionalProperties": False}
LOOSE = {"type": "object", "properties": {"city": {"pattern": "^[A-Z]"}}}
JSON = {"type": "json_object"}
TOOLS = [function("look_up")]
USER = message("user", "Where is the Louvre?")


def schema_format(schema: Any = SCHEMA, **fields: Any) -> Json:
    return {"type": "json_schema", "json_schema": {"schema": schema, **fields}}


def chat_request(*messages: Json, **fields: Any) -> Json:
    return {"messages": list(messages) or [USER], **fields}


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, {"strict": True, "schema": STRICT}),
        ({"schema": LOOSE}, {"strict": False, "schema": LOOSE}),
        ({"name": "city_of-2"}, {"name": "city_of-2"}),
        ({"name": "a city"}, {"name": "response"}),
        ({"name": "x" * 65}, {"name": "response"}),
        ({"name": 7}, {"name": "response"}),
        ({"strict": False}, {"strict": False, "schema": SCHEMA}),
        ({"strict": True}, {"strict": True, "schema": STRICT}),
        ({"strict": None}, {"strict": True, "schema": STRICT}),
        ({"strict": True, "schema": LOOSE}, {"strict": False, "schema": LOOSE}),
        ({"description": "where"}, {"description": "where"}),
    ],
    ids=str,
)
def test_schema_is_strict_if_supported_and_keeps_valid_fields(
    fields: Json, sent: Json
) -> None:
    wanted = schema_format(**{"schema": SCHEMA} | fields)

    fitted = fit_format(chat_request(response_format=wanted))

    schema = {"name": "response", "strict": True, "schema": STRICT}
    assert fitted["response_format"] == {
        "type": "json_schema",
        "json_schema": schema | sent,
    }


def test_json_object_adds_an_instruction_to_the_prompt() -> None:
    fitted = fit_format(chat_request(response_format=JSON))

    assert fitted["messages"] == [message("system", "Reply in JSON."), USER]
    assert fitted["response_format"] == JSON


@pytest.mark.parametrize(
    "content", ["Say it in json.", [text_part("A JSON object, please.")]], ids=str
)
def test_prompt_with_the_word_json_stays_unchanged(content: Any) -> None:
    prompt = message("user", content)

    fitted = fit_format(chat_request(prompt, response_format=JSON))

    assert fitted["messages"] == [prompt]


@pytest.mark.parametrize("response_format", [None, {"type": "text"}, {}], ids=str)
def test_text_format_is_removed(response_format: Any) -> None:
    assert fit_format(chat_request(response_format=response_format)) == chat_request()


@pytest.mark.parametrize(
    ("response_format", "words"),
    [
        (JSON, "one JSON object."),
        (schema_format(), '"required":["city"]'),
        (schema_format(LOOSE), '"pattern":"^[A-Z]"'),
    ],
    ids=["json", "schema", "loose schema"],
)
def test_format_beside_tools_is_described_in_the_prompt(
    response_format: Json, words: str
) -> None:
    fitted = fit_format(chat_request(tools=TOOLS, response_format=response_format))

    system, user = fitted["messages"]
    assert system["role"] == "system"
    assert words in system["content"]
    assert user == USER
    assert fitted["tools"] == TOOLS
    assert "response_format" not in fitted


def test_text_format_beside_tools_changes_only_the_format() -> None:
    fitted = fit_format(chat_request(tools=TOOLS, response_format={"type": "text"}))

    assert fitted == chat_request(tools=TOOLS)


def test_request_without_tools_enforces_the_format() -> None:
    tools = {"tools": TOOLS, "tool_choice": "auto", "parallel_tool_calls": False}
    first = fit_format(chat_request(**tools, response_format=schema_format()))

    second = without_tools(first, schema_format())

    assert second["response_format"]["json_schema"]["strict"] is True
    assert second.keys() == {"messages", "response_format"}
    assert must_be_whole(without_tools(first, JSON))


@pytest.mark.parametrize(
    ("form", "whole"),
    [
        (chat_request(), False),
        (chat_request(response_format=JSON), True),
        (chat_request(response_format=JSON, tools=TOOLS), False),
        (chat_request(response_format=JSON, tools=[]), True),
        (chat_request(response_format=schema_format()), False),
        ({"prompt": "x"}, False),
    ],
    ids=["text", "json", "json and tools", "json and no tool", "schema", "raw"],
)
def test_only_json_object_must_be_whole(form: Json, whole: bool) -> None:
    assert must_be_whole(form) is whole


SATISFIES = {
    "any text": ("hello", {"type": "text"}, True),
    "an object": ('{"a": 1}', JSON, True),
    "an array": (" [1] ", JSON, True),
    "a number": ("1", JSON, False),
    "not json": ("hello", JSON, False),
    "empty": ("", JSON, False),
    "fenced json": ('```json\n{"a": 1}\n```', JSON, False),
    "deep nesting": ("[" * 100_000, JSON, False),
    "satisfies the schema": ('{"city": "Paris"}', schema_format(), True),
    "lacks a field": ("{}", schema_format(), False),
    "wrong type": ('{"city": 1}', schema_format(), False),
    "not json for a schema": ("Paris", schema_format(), False),
    "an invalid schema": ("{}", schema_format({"type": "strng"}), True),
    "a number as schema": ("{}", schema_format(5), True),
    "a dangling reference": ("{}", schema_format({"$ref": "#/$defs/X"}), True),
    "an external reference": ("{}", schema_format({"$ref": "http://x.test/s"}), True),
    "an endless reference": ("{}", schema_format({"$ref": "#"}), True),
    "a pattern is not checked": ('"aaaa!"', schema_format({"pattern": "^b$"}), True),
    "patternProperties are not checked": (
        '{"a": 1}',
        schema_format({"patternProperties": {"^b": {}}, "additionalProperties": False}),
        True,
    ),
    "closed objects are checked": ('{"a": 1}', schema_format(STRICT), False),
    "typed additional properties": (
        '{"a": 1}',
        schema_format({"additionalProperties": {"type": "string"}}),
        False,
    ),
}


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(
    ("text", "response_format", "expected"), SATISFIES.values(), ids=SATISFIES.keys()
)
def test_text_satisfies_its_format(
    text: str, response_format: Json, expected: bool
) -> None:
    assert satisfies(text, response_format) is expected


def test_request_is_not_changed_in_place() -> None:
    fitted = chat_request(tools=TOOLS, response_format=schema_format())
    before = copy.deepcopy(fitted)

    fit_format(fitted)
    without_tools(fitted, schema_format())

    assert fitted == before
