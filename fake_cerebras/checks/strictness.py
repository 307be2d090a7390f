"""What a schema with `strict: true` may not have.

The text about unsupported fields is quoted, the limits are documented, the other
texts are guesses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fake_cerebras.encoding import dump
from fake_cerebras.models import Model

MAX_LENGTH = 5_000
MAX_DEPTH = 10
MAX_PROPERTIES = 500
MAX_ENUM_VALUES = 500
MAX_ANY_OF = 5
REFUSED = frozenset(
    (
        *("oneOf", "allOf", "not", "if", "then", "else", "pattern", "format"),
        *("minItems", "maxItems", "uniqueItems", "prefixItems", "contains"),
        *("patternProperties", "propertyNames", "definitions"),
        *("dependentRequired", "dependentSchemas"),
    )
)
Schema = Mapping[str, Any]


def faults(schema: Schema, model: Model) -> list[str]:
    found = [*_sizes(schema), *Walk(schema, model).faults(schema, 1, ())]
    return list(dict.fromkeys(found))


def _sizes(schema: Schema) -> Iterator[str]:
    if len(dump(schema)) > MAX_LENGTH:
        yield f"JSON schema is longer than {MAX_LENGTH} characters"
    if _enum_values(schema) > MAX_ENUM_VALUES:
        yield f"JSON schema has more than {MAX_ENUM_VALUES} enum values"


def _enum_values(node: Any) -> int:
    if isinstance(node, list):
        return sum(map(_enum_values, node))
    if not isinstance(node, Mapping):
        return 0
    own = node.get("enum")
    count = len(own) if isinstance(own, list) else 0
    return count + sum(map(_enum_values, node.values()))


class Walk:
    """Goes through a schema, through references as well."""

    def __init__(self, root: Schema, model: Model) -> None:
        self._definitions = root.get("$defs") or {}
        self._refused = REFUSED | model.refused_schema_keys

    def faults(self, node: Any, depth: int, refs: tuple[str, ...]) -> Iterator[str]:
        if not isinstance(node, Mapping):
            yield f"JSON schema: {dump(node)} is not supported as a schema"
            return
        if depth > MAX_DEPTH:
            yield f"JSON schema is nested deeper than {MAX_DEPTH} levels"
            return
        yield from self._own(node)
        if "$ref" in node:
            yield from self._reference(node["$ref"], depth, refs)
        for below in _children(node):
            yield from self.faults(below, depth + 1, refs)
        for alternative in node.get("anyOf") or ():
            yield from self.faults(alternative, depth, refs)

    def _own(self, node: Schema) -> Iterator[str]:
        refused = sorted(self._refused & set(node))
        if refused:
            yield f"Unsupported JSON schema fields: {set(refused)}"
        if isinstance(node.get("type"), list):
            yield "JSON schema: an array of types is not supported"
        if len(node.get("anyOf") or ()) > MAX_ANY_OF:
            yield f"JSON schema: anyOf has more than {MAX_ANY_OF} alternatives"
        if len(node.get("properties") or ()) > MAX_PROPERTIES:
            yield f"JSON schema: an object has more than {MAX_PROPERTIES} properties"
        is_object = node.get("type") == "object" or "properties" in node
        if is_object and node.get("additionalProperties") is not False:
            yield "JSON schema: 'additionalProperties' must be false on every object"

    def _reference(self, ref: Any, depth: int, refs: tuple[str, ...]) -> Iterator[str]:
        name = str(ref).removeprefix("#/$defs/")
        if not str(ref).startswith("#/$defs/") or name not in self._definitions:
            yield f"JSON schema: reference '{ref}' leads outside of $defs"
        elif name in refs:
            yield f"JSON schema: recursion through '{ref}' is not supported"
        else:
            yield from self.faults(self._definitions[name], depth, (*refs, name))


def _children(node: Schema) -> Iterator[Any]:
    yield from (node.get("properties") or {}).values()
    if "items" in node:
        yield node["items"]
