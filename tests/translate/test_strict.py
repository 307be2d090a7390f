"""A schema is enforced only when the upstream can, and then it is closed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.translate.strict import enforceable

TEXT = {"type": "string"}


def an_object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def closed(**properties: Any) -> dict[str, Any]:
    return an_object(**properties) | {"additionalProperties": False}


def nested(levels: int) -> dict[str, Any]:
    """An object so many levels deep, itself included."""
    schema: dict[str, Any] = TEXT
    for _ in range(levels - 1):
        schema = an_object(x=schema)
    return schema


def chained(levels: int) -> dict[str, Any]:
    """The same depth, by references."""
    definitions = {
        f"d{n}": an_object(x={"$ref": f"#/$defs/d{n + 1}"}) for n in range(levels - 2)
    }
    definitions[f"d{levels - 2}"] = TEXT
    return an_object(x={"$ref": "#/$defs/d0"}) | {"$defs": definitions}


ENFORCEABLE = {
    "plain": an_object(a=TEXT, b={"type": "integer", "minimum": 1}),
    "not all required": an_object(a=TEXT) | {"required": []},
    "annotations": an_object(a={"type": "string", "title": "A", "default": "x"}),
    "closed by the client": closed(a=TEXT),
    "an array of objects": an_object(a={"type": "array", "items": an_object(b=TEXT)}),
    "a choice": an_object(a={"anyOf": [TEXT, {"type": "null"}]}),
    "an enum": an_object(a={"enum": ["x", "y"]}),
    "a constant": an_object(a={"const": 1}),
    "a reference": an_object(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": TEXT}},
    "as deep as can be": nested(10),
    "as deep by references": chained(10),
    "properties named as keywords": an_object(
        pattern=TEXT, definitions=TEXT, oneOf=TEXT, items=TEXT, properties=TEXT
    ),
    "an old draft": an_object(a=TEXT) | {"$schema": "http://json-schema.org/draft-07"},
}

BEYOND = {
    "root is no object": {"type": "array", "items": TEXT},
    "root is a reference": {"$ref": "#/$defs/A", "$defs": {"A": an_object(a=TEXT)}},
    "open by the client": an_object(a=TEXT) | {"additionalProperties": True},
    "typed additional properties": an_object(a=TEXT) | {"additionalProperties": TEXT},
    "a free object": {"type": "object"},
    "a free object inside": an_object(a={"type": "object", "properties": {}}),
    "anything at all": an_object(a={}),
    "true as a schema": an_object(a=True),
    "oneOf": an_object(a={"oneOf": [TEXT]}),
    "allOf": an_object(a={"allOf": [TEXT]}),
    "if": an_object(a=TEXT) | {"if": {}, "then": {}},
    "a list of types": an_object(a={"type": ["string", "null"]}),
    "items: true": an_object(a={"type": "array", "items": True}),
    "pattern": an_object(a={"type": "string", "pattern": "^a"}),
    "format": an_object(a={"type": "string", "format": "date"}),
    "minLength": an_object(a={"type": "string", "minLength": 1}),
    "maxItems": an_object(a={"type": "array", "items": TEXT, "maxItems": 2}),
    "six choices": an_object(a={"anyOf": [TEXT] * 6}),
    "too many enum values": an_object(
        a={"enum": list(range(251))}, b={"enum": list(range(251))}
    ),
    "too long": an_object(a={"type": "string", "description": "x" * 5000}),
    "too deep": nested(11),
    "too deep by references": chained(11),
    "far too deep": nested(5000),
    "recursion": an_object(a={"$ref": "#/$defs/A"})
    | {"$defs": {"A": an_object(a={"$ref": "#/$defs/A"})}},
    "recursion to the root": an_object(a={"$ref": "#"}),
    "an outer reference": an_object(a={"$ref": "https://example.com/a.json"}),
    "a dangling reference": an_object(a={"$ref": "#/$defs/B"}),
    "properties of a wrong kind": {"type": "object", "properties": [1]},
    "a wrong kind elsewhere": an_object(a={"anyOf": TEXT}),
}


@pytest.mark.parametrize("schema", ENFORCEABLE.values(), ids=ENFORCEABLE.keys())
def test_a_schema_within_the_limits_is_enforced(schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)

    enforced = enforceable(schema)

    assert enforced is not None
    assert enforced["additionalProperties"] is False
    assert schema == before


@pytest.mark.parametrize("schema", BEYOND.values(), ids=BEYOND.keys())
def test_a_schema_beyond_the_limits_is_not(schema: dict[str, Any]) -> None:
    assert enforceable(schema) is None


def test_objects_are_closed_wherever_they_stand() -> None:
    inner = an_object(a=TEXT)
    schema = an_object(
        direct=inner,
        listed={"type": "array", "items": inner},
        chosen={"anyOf": [inner, TEXT]},
        referred={"$ref": "#/$defs/D"},
    ) | {"$defs": {"D": inner}}

    enforced = enforceable(schema)

    shut = closed(a=TEXT)
    assert enforced == closed(
        direct=shut,
        listed={"type": "array", "items": shut},
        chosen={"anyOf": [shut, TEXT]},
        referred={"$ref": "#/$defs/D"},
    ) | {"$defs": {"D": shut}}


def test_definitions_of_an_old_draft_get_their_new_name() -> None:
    schema = an_object(a={"$ref": "#/definitions/A"}) | {"definitions": {"A": TEXT}}

    assert enforceable(schema) == closed(a={"$ref": "#/$defs/A"}) | {
        "$defs": {"A": TEXT}
    }


def test_the_order_of_properties_stays() -> None:
    enforced = enforceable(an_object(z=TEXT, a=TEXT, m=TEXT))

    assert enforced is not None
    assert list(enforced["properties"]) == ["z", "a", "m"]


def test_definitions_that_refer_widely_are_measured_quickly() -> None:
    names = [f"d{n}" for n in range(9)]
    definitions: dict[str, Any] = {
        name: an_object(**{p: {"$ref": f"#/$defs/{after}"} for p in "abcdefgh"})
        for name, after in zip(names, [*names[1:], "end"], strict=True)
    }
    definitions["end"] = TEXT

    schema = an_object(a={"$ref": "#/$defs/d0"}) | {"$defs": definitions}

    assert enforceable(schema) is None  # 8 ** 9 paths, were they all walked
