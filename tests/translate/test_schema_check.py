"""Hostile, odd and huge schemas; `test_response_formats.py` has the common ones."""

from time import process_time
from typing import Any

import pytest

from app.translate.schema_check import satisfies_schema

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
SLOW_FOR_PATTERN = "a" * 40 + "!"
MAX_TIME_S = 5.0  # without limits these schemas take minutes to years


def doubling_schema(levels: int) -> dict[str, Any]:
    """Return a schema in which each level refers twice to the next."""
    doubled = {
        f"l{n}": {"anyOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(levels)
    }
    bottom = {f"l{levels}": {"type": "string"}}
    return {"$ref": "#/$defs/l0", "$defs": doubled | bottom}


HOSTILE = {
    "doubling references": (doubling_schema(60), 1),
    "a pattern below another draft": (
        {"properties": {"a": {"$schema": DRAFT_7, "pattern": "^(a+)+$"}}},
        {"a": SLOW_FOR_PATTERN},
    ),
    "unique items": ({"uniqueItems": True}, [{"a": n} for n in range(20_000)]),
    "a schema of megabytes": (
        {"properties": {f"p{n}": {"type": "string"} for n in range(50_000)}},
        {},
    ),
}


@pytest.mark.parametrize(("schema", "value"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_schema_is_checked_in_bounded_time(
    schema: dict[str, Any], value: Any
) -> None:
    start = process_time()

    assert satisfies_schema(value, schema)
    assert process_time() - start < MAX_TIME_S


MALFORMED = {
    "a multiple of a huge number": ({"multipleOf": 0.5}, 10**400),
    "an id that is no URL": (
        {"$id": "http://[x", "properties": {"a": {"$ref": "b"}}},
        {"a": 1},
    ),
    "an invalid index": ({"prefixItems": [{}], "$ref": "#/prefixItems/x"}, 1),
    "a path into a string": ({"type": "object", "$ref": "#/type/x"}, {}),
    "a reference to a number": ({"minimum": 3, "$ref": "#/minimum"}, 5),
    "a draft that is a list": ({"x": {"$schema": []}, "$ref": "#/x"}, 1),
}


@pytest.mark.parametrize(("schema", "value"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_schema_counts_as_satisfied(
    schema: dict[str, Any], value: Any
) -> None:
    assert satisfies_schema(value, schema)


def test_property_may_be_named_like_a_draft() -> None:
    schema = {"properties": {"$schema": {"type": "string"}}}

    assert satisfies_schema({"$schema": "x"}, schema)
    assert not satisfies_schema({"$schema": 1}, schema)


def test_long_value_is_checked_to_its_end() -> None:
    record = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
    records = [{"a": "x", "b": n} for n in range(2000)]

    assert satisfies_schema(records, {"items": record})
    assert not satisfies_schema([*records, {"a": "x", "b": "y"}], {"items": record})
