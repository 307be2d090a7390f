"""`response_format`: which schemas are accepted, and content that fits them."""

import json
from typing import Any

import jsonschema
import pytest

from tests.cerebras import Fake
from tests.fake_cerebras.client import GPT, QWEN, Response, chat_body, post


def with_schema(schema: Any, model: str = GPT, **fields: Any) -> dict[str, Any]:
    json_schema = {"name": "response", "schema": schema, **fields}
    format = {"type": "json_schema", "json_schema": json_schema}
    return chat_body("Please", model, response_format=format)


def with_strict_schema(schema: Any, model: str = GPT) -> dict[str, Any]:
    return with_schema(schema, model, strict=True)


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def parse_content(response: Response) -> Any:
    return json.loads(response.message["content"])


JSON_OBJECT = {"type": "json_object"}


@pytest.mark.parametrize(
    ("fields", "param", "text"),
    [
        ({"stream": True}, None, '"stream=true" with structured outputs'),
        ({"messages": [{"role": "user", "content": "hi"}]}, "response_format", ""),
        *(
            (
                {"response_format": {"type": "json_schema", "json_schema": schema}},
                "validation_error",
                "type: Input should be 'text'",
            )
            for schema in (None, {}, {"schema": {}}, {"name": ""})
        ),
    ],
    ids=str,
)
def test_invalid_format_returns_400(
    fake: Fake, fields: dict[str, Any], param: str | None, text: str
) -> None:
    body = chat_body("json please", response_format=JSON_OBJECT)

    response = post(fake, {**body, **fields})

    assert response.status == 400
    assert response.json["param"] == param or param is None
    assert response.json["message"].startswith(text)


def test_json_object_returns_an_object(fake: Fake) -> None:
    response = post(fake, chat_body("Some JSON please", response_format=JSON_OBJECT))

    assert parse_content(response)["simulated"] is True


def nested(depth: int) -> Any:
    return {"type": "string"} if depth == 1 else closed(a=nested(depth - 1))


STRING = {"type": "string"}
BEYOND_LIMITS = {
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


@pytest.mark.parametrize("case", BEYOND_LIMITS)
def test_schema_beyond_the_strict_limits_returns_400(fake: Fake, case: str) -> None:
    response = post(fake, with_strict_schema(BEYOND_LIMITS[case]))

    assert (response.status, response.json["param"]) == (400, "response_format")


def test_unsupported_schema_fields_are_named(fake: Fake) -> None:
    schema = closed(a={"type": "array", "minItems": 1})

    response = post(fake, with_strict_schema(schema))

    assert response.json["message"] == "Unsupported JSON schema fields: {'minItems'}"


def test_only_qwen_refuses_lengths_of_strings(fake: Fake) -> None:
    schema = closed(a={"type": "string", "minLength": 1})

    assert post(fake, with_strict_schema(schema, GPT)).status == 200
    assert post(fake, with_strict_schema(schema, QWEN)).status == 400


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
def test_content_fits_a_strict_schema(fake: Fake, case: str, model: str) -> None:
    response = post(fake, with_strict_schema(STRICT[case], model))

    jsonschema.validate(parse_content(response), STRICT[case])


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
def test_content_fits_a_loose_schema(fake: Fake, case: str) -> None:
    response = post(fake, with_schema(LOOSE[case]))

    jsonschema.validate(parse_content(response), LOOSE[case])


def test_streamed_content_fits_the_schema(fake: Fake) -> None:
    schema = closed(name=STRING)

    response = post(fake, {**with_strict_schema(schema), "stream": True})

    jsonschema.validate(json.loads(response.streamed()), schema)


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
def test_invalid_schema_returns_400(fake: Fake, schema: Any) -> None:
    function = {"name": "f", "parameters": schema}
    tool = {"type": "function", "function": function}

    assert post(fake, with_schema(schema)).status == 400
    assert post(fake, chat_body("Call f", tools=[tool])).status == 400
