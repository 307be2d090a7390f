"""Schemas that strict mode supports are closed; others are refused."""

import copy
from typing import Any

import pytest

from app.translate.strict_schema import strict_schema

TEXT = {"type": "string"}


def object_schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def closed_schema(**properties: Any) -> dict[str, Any]:
    return object_schema(**properties) | {"additionalProperties": False}


def nested_schema(levels: int) -> dict[str, Any]:
    """Return an object schema with this many levels, itself included."""
    schema: dict[str, Any] = TEXT
    for _ in range(levels - 1):
        schema = object_schema(x=schema)
    return schema


def chained_schema(levels: int) -> dict[str, Any]:
    """Return a schema with this many levels that nests by references."""
    definitions = {
        f"d{n}": object_schema(x={"$ref": f"#/$defs/d{n + 1}"})
        for n in range(levels - 2)
    }
    definitions[f"d{levels - 2}"] = TEXT
    return object_schema(x={"$ref": "#/$defs/d0"}) | {"$defs": definitions}


SUPPORTED = {
    "plain": object_schema(a=TEXT, b={"type": "integer", "minimum": 1}),
    "not all required": object_schema(a=TEXT) | {"required": []},
    "annotations": object_schema(a={"type": "string", "title": "A", "default": "x"}),
    "closed by the client": closed_schema(a=TEXT),
    "an array of objects": object_schema(
        a={"type": "array", "items": object_schema(b=TEXT)}
    ),
    "a choice": object_schema(a={"anyOf": [TEXT, {"type": "null"}]}),
    "an enum": object_schema(a={"enum": ["x", "y"]}),
    "a constant": object_schema(a={"const": 1}),
    "a reference": object_schema(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": TEXT}},
    "ten levels": nested_schema(10),
    "ten levels by references": chained_schema(10),
    "properties named as keywords": object_schema(
        pattern=TEXT, definitions=TEXT, oneOf=TEXT, items=TEXT, properties=TEXT
    ),
    "an old draft": object_schema(a=TEXT)
    | {"$schema": "http://json-schema.org/draft-07"},
}

UNSUPPORTED = {
    "a root that is no object": {"type": "array", "items": TEXT},
    "a root that is a reference": {
        "$ref": "#/$defs/A",
        "$defs": {"A": object_schema(a=TEXT)},
    },
    "opened by the client": object_schema(a=TEXT) | {"additionalProperties": True},
    "typed additional properties": object_schema(a=TEXT)
    | {"additionalProperties": TEXT},
    "an object without properties": {"type": "object"},
    "a nested object without properties": object_schema(
        a={"type": "object", "properties": {}}
    ),
    "an empty schema": object_schema(a={}),
    "true as a schema": object_schema(a=True),
    "oneOf": object_schema(a={"oneOf": [TEXT]}),
    "allOf": object_schema(a={"allOf": [TEXT]}),
    "if": object_schema(a=TEXT) | {"if": {}, "then": {}},
    "a list of types": object_schema(a={"type": ["string", "null"]}),
    "items: true": object_schema(a={"type": "array", "items": True}),
    "pattern": object_schema(a={"type": "string", "pattern": "^a"}),
    "format": object_schema(a={"type": "string", "format": "date"}),
    "minLength": object_schema(a={"type": "string", "minLength": 1}),
    "maxItems": object_schema(a={"type": "array", "items": TEXT, "maxItems": 2}),
    "six choices": object_schema(a={"anyOf": [TEXT] * 6}),
    "too many enum values": object_schema(
        a={"enum": list(range(251))}, b={"enum": list(range(251))}
    ),
    "too long": object_schema(a={"type": "string", "description": "x" * 5000}),
    "too deep": nested_schema(11),
    "too deep by references": chained_schema(11),
    "deeper than the recursion limit": nested_schema(5000),
    "recursion": object_schema(a={"$ref": "#/$defs/A"})
    | {"$defs": {"A": object_schema(a={"$ref": "#/$defs/A"})}},
    "recursion to the root": object_schema(a={"$ref": "#"}),
    "an external reference": object_schema(a={"$ref": "https://example.com/a.json"}),
    "a dangling reference": object_schema(a={"$ref": "#/$defs/B"}),
    "properties of a wrong type": {"type": "object", "properties": [1]},
    "anyOf of a wrong type": object_schema(a={"anyOf": TEXT}),
}


@pytest.mark.parametrize("schema", SUPPORTED.values(), ids=SUPPORTED.keys())
def test_supported_schema_is_closed(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)

    strict = strict_schema(schema)

    assert strict is not None
    assert strict["additionalProperties"] is False
    assert schema == before


@pytest.mark.parametrize("schema", UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
def test_unsupported_schema_returns_none(schema: dict[str, Any]) -> None:
    assert strict_schema(schema) is None


def test_objects_are_closed_at_every_level() -> None:
    inner = object_schema(a=TEXT)
    schema = object_schema(
        direct=inner,
        listed={"type": "array", "items": inner},
        chosen={"anyOf": [inner, TEXT]},
        referred={"$ref": "#/$defs/D"},
    ) | {"$defs": {"D": inner}}

    strict = strict_schema(schema)

    closed_inner = closed_schema(a=TEXT)
    assert strict == closed_schema(
        direct=closed_inner,
        listed={"type": "array", "items": closed_inner},
        chosen={"anyOf": [closed_inner, TEXT]},
        referred={"$ref": "#/$defs/D"},
    ) | {"$defs": {"D": closed_inner}}


def test_definitions_of_an_old_draft_become_defs() -> None:
    schema = object_schema(a={"$ref": "#/definitions/A"}) | {"definitions": {"A": TEXT}}

    assert strict_schema(schema) == closed_schema(a={"$ref": "#/$defs/A"}) | {
        "$defs": {"A": TEXT}
    }


def test_order_of_properties_is_kept() -> None:
    strict = strict_schema(object_schema(z=TEXT, a=TEXT, m=TEXT))

    assert strict is not None
    assert list(strict["properties"]) == ["z", "a", "m"]


def test_depth_of_branching_references_is_computed_quickly() -> None:
    names = [f"d{n}" for n in range(9)]
    definitions: dict[str, Any] = {
        name: object_schema(**{p: {"$ref": f"#/$defs/{following}"} for p in "abcdefgh"})
        for name, following in zip(names, [*names[1:], "end"], strict=True)
    }
    definitions["end"] = TEXT

    schema = object_schema(a={"$ref": "#/$defs/d0"}) | {"$defs": definitions}

    assert strict_schema(schema) is None  # it has 8 ** 9 paths
