"""Schemas that are hostile, odd or huge; the plain ones are in `test_formats.py`."""

from time import process_time
from typing import Any

import pytest

from app.translate.judge import fits

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
LONG_MATCH = "a" * 40 + "!"
SOON_S = 5.0  # for what would take minutes, or years


def doubling(levels: int) -> dict[str, Any]:
    """Each level asks twice for the next."""
    twice = {
        f"l{n}": {"anyOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(levels)
    }
    bottom = {f"l{levels}": {"type": "string"}}
    return {"$ref": "#/$defs/l0", "$defs": twice | bottom}


HOSTILE = {
    "doubling references": (doubling(60), 1),
    "a pattern of another draft": (
        {"properties": {"a": {"$schema": DRAFT_7, "pattern": "^(a+)+$"}}},
        {"a": LONG_MATCH},
    ),
    "many objects apart": ({"uniqueItems": True}, [{"a": n} for n in range(20_000)]),
    "a schema of megabytes": (
        {"properties": {f"p{n}": {"type": "string"} for n in range(50_000)}},
        {},
    ),
}


@pytest.mark.parametrize(("schema", "value"), HOSTILE.values(), ids=HOSTILE.keys())
def test_no_schema_takes_long(schema: dict[str, Any], value: Any) -> None:
    began = process_time()

    assert fits(value, schema)
    assert process_time() - began < SOON_S


ODD = {
    "a multiple of a huge number": ({"multipleOf": 0.5}, 10**400),
    "an id that is no address": (
        {"$id": "http://[x", "properties": {"a": {"$ref": "b"}}},
        {"a": 1},
    ),
    "an index that is none": ({"prefixItems": [{}], "$ref": "#/prefixItems/x"}, 1),
    "a path into a text": ({"type": "object", "$ref": "#/type/x"}, {}),
    "a reference to a number": ({"minimum": 3, "$ref": "#/minimum"}, 5),
    "a draft that is a list": ({"x": {"$schema": []}, "$ref": "#/x"}, 1),
}


@pytest.mark.parametrize(("schema", "value"), ODD.values(), ids=ODD.keys())
def test_a_schema_that_cannot_be_judged_by_counts_as_met(
    schema: dict[str, Any], value: Any
) -> None:
    assert fits(value, schema)


def test_a_property_may_be_called_like_a_draft() -> None:
    schema = {"properties": {"$schema": {"type": "string"}}}

    assert fits({"$schema": "x"}, schema)
    assert not fits({"$schema": 1}, schema)


def test_a_long_answer_is_judged_to_its_end() -> None:
    record = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
    answer = [{"a": "x", "b": n} for n in range(2000)]

    assert fits(answer, {"items": record})
    assert not fits([*answer, {"a": "x", "b": "y"}], {"items": record})
