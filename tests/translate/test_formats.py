"""Every form that a client may ask for gets a question the upstream answers."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.translate.formats import must_be_whole, satisfies, valid, without_tools

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
STRICT = SCHEMA | {"additionalProperties": False}
LOOSE = {"type": "object", "properties": {"city": {"pattern": "^[A-Z]"}}}
JSON = {"type": "json_object"}
TOOLS = [{"type": "function", "function": {"name": "look_up"}}]
USER = {"role": "user", "content": "Where is the Louvre?"}


def schema_format(schema: Any = SCHEMA, **fields: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"schema": schema, **fields}}


def request(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"messages": list(messages) or [USER], **fields}


def test_a_schema_within_the_limits_is_sent_strict_and_closed() -> None:
    asked = valid(request(response_format=schema_format()))

    assert asked["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "response", "strict": True, "schema": STRICT},
    }


def test_a_schema_beyond_the_limits_is_sent_as_a_hint() -> None:
    asked = valid(request(response_format=schema_format(LOOSE)))

    assert asked["response_format"]["json_schema"] == {
        "name": "response",
        "strict": False,
        "schema": LOOSE,
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
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
def test_what_a_client_says_of_its_schema_holds_where_it_can(
    given: dict[str, Any], sent: dict[str, Any]
) -> None:
    asked = valid(request(response_format=schema_format(**{"schema": SCHEMA} | given)))

    wanted = asked["response_format"]["json_schema"]
    assert {key: wanted[key] for key in sent} == sent


def test_json_is_asked_for_in_the_prompt_too() -> None:
    asked = valid(request(response_format=JSON))

    assert asked["messages"] == [
        {"role": "system", "content": "Reply in JSON."},
        USER,
    ]
    assert asked["response_format"] == JSON


@pytest.mark.parametrize("role", ["system", "developer"])
def test_the_word_joins_the_leading_instructions(role: str) -> None:
    leading = {"role": role, "content": "Be brief."}

    asked = valid(request(leading, USER, response_format=JSON))

    assert asked["messages"] == [
        {"role": role, "content": "Be brief.\n\nReply in JSON."},
        USER,
    ]


@pytest.mark.parametrize(
    "content",
    ["Say it in json.", [{"type": "text", "text": "A JSON object, please."}]],
    ids=["text", "parts"],
)
def test_a_prompt_with_the_word_stays_as_it_is(content: Any) -> None:
    message = {"role": "user", "content": content}

    assert valid(request(message, response_format=JSON))["messages"] == [message]


@pytest.mark.parametrize("response_format", [None, {"type": "text"}, {}], ids=str)
def test_free_text_needs_no_format(response_format: Any) -> None:
    assert valid(request(response_format=response_format)) == request()


@pytest.mark.parametrize(
    ("response_format", "words"),
    [
        (JSON, "one JSON object."),
        (schema_format(), '"required":["city"]'),
        (schema_format(LOOSE), '"pattern":"^[A-Z]"'),
    ],
    ids=["json", "schema", "loose schema"],
)
def test_beside_tools_the_form_is_in_the_prompt_alone(
    response_format: dict[str, Any], words: str
) -> None:
    asked = valid(request(tools=TOOLS, response_format=response_format))

    system, user = asked["messages"]
    assert system["role"] == "system"
    assert words in system["content"]
    assert user == USER
    assert asked["tools"] == TOOLS
    assert "response_format" not in asked


def test_tools_without_a_form_stay_as_they_are() -> None:
    asked = valid(request(tools=TOOLS, response_format={"type": "text"}))

    assert asked == request(tools=TOOLS)


def test_the_second_question_enforces_the_form_without_tools() -> None:
    first = valid(
        request(tools=TOOLS, tool_choice="auto", parallel_tool_calls=False)
        | {"response_format": schema_format()}
    )

    second = without_tools(first, schema_format())

    assert second["response_format"]["json_schema"]["strict"] is True
    assert second.keys() == {"messages", "response_format"}


def test_the_second_question_for_mere_json_is_whole() -> None:
    first = valid(request(tools=TOOLS, response_format=JSON))

    assert must_be_whole(without_tools(first, JSON))


@pytest.mark.parametrize(
    ("asked", "whole"),
    [
        (request(), False),
        (request(response_format=JSON), True),
        (request(response_format=JSON, tools=TOOLS), False),
        (request(response_format=JSON, tools=[]), True),
        (request(response_format=schema_format()), False),
        ({"prompt": "x"}, False),
    ],
    ids=["text", "json", "json and tools", "json and no tool", "schema", "raw"],
)
def test_only_mere_json_cannot_be_streamed(asked: dict[str, Any], whole: bool) -> None:
    assert must_be_whole(asked) is whole


RECURSIVE = {"$ref": "#"}

SATISFIES = {
    "any text": ("hello", {"type": "text"}, True),
    "an object": ('{"a": 1}', JSON, True),
    "an array": (" [1] ", JSON, True),
    "a bare number": ("1", JSON, False),
    "not json": ("hello", JSON, False),
    "nothing": ("", JSON, False),
    "fenced json": ('```json\n{"a": 1}\n```', JSON, False),
    "endless nesting": ("[" * 100_000, JSON, False),
    "fits": ('{"city": "Paris"}', schema_format(), True),
    "lacks a field": ("{}", schema_format(), False),
    "wrong type": ('{"city": 1}', schema_format(), False),
    "not json for a schema": ("Paris", schema_format(), False),
    "a broken schema": ("{}", schema_format({"type": "strng"}), True),
    "no schema at all": ("{}", schema_format(5), True),
    "a dangling reference": ("{}", schema_format({"$ref": "#/$defs/X"}), True),
    "an outer reference": ("{}", schema_format({"$ref": "http://x.test/s"}), True),
    "an endless reference": ("{}", schema_format(RECURSIVE), True),
    "a pattern is not tried": ('"aaaa!"', schema_format({"pattern": "^b$"}), True),
    "nor those of properties": (
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
def test_an_answer_is_held_against_the_form(
    text: str, response_format: dict[str, Any], expected: bool
) -> None:
    assert satisfies(text, response_format) is expected


def test_requests_are_never_changed() -> None:
    asked = request(tools=TOOLS, response_format=schema_format())
    before = copy.deepcopy(asked)

    valid(asked)
    without_tools(asked, schema_format())

    assert asked == before
