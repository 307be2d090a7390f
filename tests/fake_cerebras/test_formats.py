"""response_format: what it may ask for, and answers that keep to it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.raw import Answer, post, user

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"


def formatted(schema: Any, model: str = GPT, **more: Any) -> dict[str, Any]:
    wanted = {"name": "response", "schema": schema, **more}
    response_format = {"type": "json_schema", "json_schema": wanted}
    return user("Please 3 apples for 'Ann'", model, response_format=response_format)


def strict(schema: Any, model: str = GPT) -> dict[str, Any]:
    return formatted(schema, model, strict=True)


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def content(answer: Answer) -> Any:
    return json.loads(answer.message["content"])


JSON_OBJECT = {"type": "json_object"}


def test_json_object_does_not_stream(fake: Fake) -> None:
    body = user("json please", response_format=JSON_OBJECT, stream=True)

    answer = post(fake, body)

    assert answer.status == 400
    assert answer.json["message"].startswith('"stream=true" with structured outputs')


def test_json_object_needs_the_word(fake: Fake) -> None:
    answer = post(fake, user("an object please", response_format=JSON_OBJECT))

    assert (answer.status, answer.json["param"]) == (400, "response_format")


def test_json_object_is_answered_with_one(fake: Fake) -> None:
    answer = post(fake, user("Some JSON please", response_format=JSON_OBJECT))

    assert content(answer)["simulated"] is True


@pytest.mark.parametrize("schema", [None, {}, {"schema": {}}, {"name": ""}], ids=str)
def test_schema_needs_a_name(fake: Fake, schema: Any) -> None:
    wanted = {"type": "json_schema", "json_schema": schema}

    answer = post(fake, user("hi", response_format=wanted))

    assert (answer.status, answer.json["param"]) == (400, "validation_error")
    assert answer.json["message"] == "type: Input should be 'text'"


def nested(depth: int) -> Any:
    return {"type": "string"} if depth == 1 else closed(a=nested(depth - 1))


STRING = {"type": "string"}
NOT_STRICT = {
    "open object": {"type": "object", "properties": {}},
    "open object inside": closed(a={"type": "object", "properties": {}}),
    "open object in a list": closed(a={"type": "array", "items": {"type": "object"}}),
    "open object in $defs": {
        **closed(a={"$ref": "#/$defs/b"}),
        "$defs": {"b": {"type": "object"}},
    },
    "too long": closed(a={"type": "string", "description": "x" * 5000}),
    "too deep": nested(11),
    "too many properties": closed(**{f"a{n}": {} for n in range(501)}),
    "too many enum values": closed(
        a={"enum": list(range(300))}, b={"enum": list(range(201))}
    ),
    "anyOf too wide": closed(a={"anyOf": [STRING] * 6}),
    "recursion": {
        **closed(a={"$ref": "#/$defs/b"}),
        "$defs": {"b": closed(c={"$ref": "#/$defs/b"})},
    },
    "recursion to the root": closed(a={"$ref": "#"}),
    "external reference": closed(a={"$ref": "https://example.com/schema"}),
    "reference to nothing": closed(a={"$ref": "#/$defs/b"}),
    "definitions": {**closed(a=STRING), "definitions": {}},
    "oneOf": closed(a={"oneOf": [STRING]}),
    "allOf": closed(a={"allOf": [STRING]}),
    "if": {**closed(a=STRING), "if": {}, "then": {}},
    "array of types": closed(a={"type": ["string", "null"]}),
    "items true": closed(a={"type": "array", "items": True}),
    "pattern": closed(a={"type": "string", "pattern": "a"}),
    "format": closed(a={"type": "string", "format": "date"}),
    "minItems": closed(a={"type": "array", "items": STRING, "minItems": 1}),
    "maxItems": closed(a={"type": "array", "items": STRING, "maxItems": 1}),
}


@pytest.mark.parametrize("case", NOT_STRICT)
def test_strict_schema_has_limits(fake: Fake, case: str) -> None:
    answer = post(fake, strict(NOT_STRICT[case]))

    assert (answer.status, answer.json["param"]) == (400, "response_format")


def test_unsupported_fields_are_named(fake: Fake) -> None:
    answer = post(fake, strict(closed(a={"type": "array", "minItems": 1})))

    assert answer.json["message"] == "Unsupported JSON schema fields: {'minItems'}"


def test_lengths_of_text_are_refused_by_qwen_alone(fake: Fake) -> None:
    schema = closed(a={"type": "string", "minLength": 1})

    assert post(fake, strict(schema, GPT)).status == 200
    assert post(fake, strict(schema, QWEN)).status == 400


STRICT = {
    "flat": closed(name=STRING, count={"type": "integer"}, sure={"type": "boolean"}),
    "not all required": {**closed(a=STRING, b=STRING), "required": ["a"]},
    "ten levels": nested(10),
    "enum and const": closed(a={"enum": ["x", "y"]}, b={"const": 7}),
    "list of objects": closed(a={"type": "array", "items": closed(b=STRING)}),
    "anyOf with null": closed(a={"anyOf": [{"type": "null"}, STRING]}),
    "$defs": {
        **closed(a={"$ref": "#/$defs/b"}, c={"$ref": "#/$defs/b"}),
        "$defs": {"b": closed(d={"type": "number"})},
    },
}


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize("case", STRICT)
def test_answer_keeps_to_a_strict_schema(fake: Fake, case: str, model: str) -> None:
    answer = post(fake, strict(STRICT[case], model))

    jsonschema.validate(content(answer), STRICT[case])


TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": STRING,
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name", "next", "children"],
        }
    },
    "$ref": "#/$defs/node",
}
LOOSE: dict[str, Any] = {
    "nothing": {},
    "unknown keywords": {"title": "A", "default": 5},
    "no type": {"properties": {"a": {"items": {}}, "b": {"minimum": 3}}},
    "array of types": {"type": ["null", "integer"]},
    "only null": {"type": "null"},
    "number ranges": {"type": "integer", "minimum": 10, "multipleOf": 7},
    "number below": {"type": "number", "exclusiveMaximum": -5},
    "fraction": {"type": "number", "minimum": 0, "maximum": 0.5},
    "lengths": {"type": "string", "minLength": 30, "maxLength": 30},
    "list lengths": {"type": "array", "items": STRING, "minItems": 4},
    "empty list": {"type": "array", "items": STRING, "maxItems": 0},
    "date": {"type": "string", "format": "date"},
    "oneOf": {"oneOf": [{"type": "null"}, {"type": "integer"}]},
    "allOf": {
        "allOf": [
            {"$ref": "#/definitions/a"},
            {"properties": {"b": STRING}, "required": ["b"]},
        ],
        "definitions": {"a": {"type": "object", "required": ["c"]}},
    },
    "tree": TREE,
    "recursion to the root": {"type": "object", "properties": {"a": {"$ref": "#"}}},
    "top level list": {"type": "array", "items": {"enum": ["Ann", "Bob"]}},
}


@pytest.mark.parametrize("case", LOOSE)
def test_answer_keeps_to_a_loose_schema(fake: Fake, case: str) -> None:
    answer = post(fake, formatted(LOOSE[case]))

    jsonschema.validate(content(answer), LOOSE[case])


def test_answer_uses_what_was_asked(fake: Fake) -> None:
    schema = closed(count={"type": "integer"}, name=STRING)

    assert content(post(fake, formatted(schema))) == {"count": 3, "name": "Ann"}


def test_schema_streams(fake: Fake) -> None:
    schema = closed(name=STRING)

    answer = post(fake, {**strict(schema), "stream": True})

    jsonschema.validate(json.loads(answer.said()), schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": None},
        {"$ref": 5},
        {"type": "object", "properties": True},
        {"type": "object", "properties": {"a": {"type": "nonsense"}}},
        {"items": [1]},
    ],
    ids=json.dumps,
)
def test_what_is_no_schema_is_refused(fake: Fake, schema: Any) -> None:
    function = {"name": "f", "parameters": schema}
    tool = {"type": "function", "function": function}

    assert post(fake, formatted(schema)).status == 400
    assert post(fake, user("Call f", tools=[tool])).status == 400
