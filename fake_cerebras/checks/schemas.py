"""Check the JSON schemas of tools and response formats.

The text about unsupported fields is quoted, the limits of strict schemas are
documented, the other texts are guesses.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from fake_cerebras.connection import dump_json
from fake_cerebras.errors import invalid_request
from fake_cerebras.models import Model

MAX_LENGTH = 5_000
MAX_DEPTH = 10
MAX_PROPERTIES = 500
MAX_ENUM_VALUES = 500
MAX_ANY_OF = 5
UNSUPPORTED = frozenset(
    (
        *("oneOf", "allOf", "not", "if", "then", "else", "pattern", "format"),
        *("minItems", "maxItems", "uniqueItems", "prefixItems", "contains"),
        *("patternProperties", "propertyNames", "definitions"),
        *("dependentRequired", "dependentSchemas"),
    )
)
Schema = Mapping[str, Any]


def check_schema(schema: Any, param: str) -> None:
    """Raise a 400 for a value that is not a JSON schema."""
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError):
        raise invalid_request("Invalid JSON schema", param) from None


def check_strict_schema(schema: Schema, model: Model, param: str) -> None:
    """Raise a 400 with every violation of the limits of `strict: true`."""
    violations = [*_size_errors(schema), *_Walk(schema, model).errors(schema, 1, ())]
    if violations:
        raise invalid_request("\n".join(dict.fromkeys(violations)), param)


def _size_errors(schema: Schema) -> Iterator[str]:
    if len(dump_json(schema)) > MAX_LENGTH:
        yield f"JSON schema is longer than {MAX_LENGTH} characters"
    if _count_enum_values(schema) > MAX_ENUM_VALUES:
        yield f"JSON schema has more than {MAX_ENUM_VALUES} enum values"


def _count_enum_values(node: Any) -> int:
    if isinstance(node, list):
        return sum(map(_count_enum_values, node))
    if not isinstance(node, Mapping):
        return 0
    enum = node.get("enum")
    count = len(enum) if isinstance(enum, list) else 0
    return count + sum(map(_count_enum_values, node.values()))


class _Walk:
    """Walks through a schema and follows its references."""

    def __init__(self, root: Schema, model: Model) -> None:
        self._definitions = root.get("$defs") or {}
        self._unsupported = UNSUPPORTED | model.unsupported_schema_keys

    def errors(self, node: Any, depth: int, refs: tuple[str, ...]) -> Iterator[str]:
        if not isinstance(node, Mapping):
            yield f"JSON schema: {dump_json(node)} is not supported as a schema"
            return
        if depth > MAX_DEPTH:
            yield f"JSON schema is nested deeper than {MAX_DEPTH} levels"
            return
        yield from self._node_errors(node)
        if "$ref" in node:
            yield from self._reference_errors(node["$ref"], depth, refs)
        for child in _children(node):
            yield from self.errors(child, depth + 1, refs)
        for alternative in node.get("anyOf") or ():
            yield from self.errors(alternative, depth, refs)

    def _node_errors(self, node: Schema) -> Iterator[str]:
        unsupported = sorted(self._unsupported & set(node))
        if unsupported:
            yield f"Unsupported JSON schema fields: {set(unsupported)}"
        if isinstance(node.get("type"), list):
            yield "JSON schema: an array of types is not supported"
        if len(node.get("anyOf") or ()) > MAX_ANY_OF:
            yield f"JSON schema: anyOf has more than {MAX_ANY_OF} alternatives"
        if len(node.get("properties") or ()) > MAX_PROPERTIES:
            yield f"JSON schema: an object has more than {MAX_PROPERTIES} properties"
        is_object = node.get("type") == "object" or "properties" in node
        if is_object and node.get("additionalProperties") is not False:
            yield "JSON schema: 'additionalProperties' must be false on every object"

    def _reference_errors(
        self, ref: Any, depth: int, refs: tuple[str, ...]
    ) -> Iterator[str]:
        name = str(ref).removeprefix("#/$defs/")
        if not str(ref).startswith("#/$defs/") or name not in self._definitions:
            yield f"JSON schema: reference '{ref}' leads outside of $defs"
        elif name in refs:
            yield f"JSON schema: recursion through '{ref}' is not supported"
        else:
            yield from self.errors(self._definitions[name], depth, (*refs, name))


def _children(node: Schema) -> Iterator[Any]:
    yield from (node.get("properties") or {}).values()
    if "items" in node:
        yield node["items"]
