"""Make a value that fits a JSON schema."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

OPTIONAL_DEPTH = 5  # deeper, only required properties and items are made
MAX_DEPTH = 30
FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "someone@example.com",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
IMPLIED_TYPES = {  # by keyword, when a schema has no type
    "properties": "object",
    "additionalProperties": "object",
    "items": "array",
    "minimum": "number",
    "maximum": "number",
}
COMBINATIONS = ("$ref", "allOf", "anyOf", "oneOf")


def make_example(schema: Schema) -> Any:
    return _Examples(schema).make(schema, "value", 0)


class _Examples:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def make(self, schema: Any, name: str, depth: int) -> Any:
        """Return a value for a (sub)schema; `name` is that of its property."""
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
            return None
        schema = self._resolve(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return next(iter(schema["enum"]), None)
        type = type_of(schema)
        if type == "object":
            return self._object(schema, depth)
        if type == "array":
            return self._array(schema, name, depth)
        return _scalar(schema, type, name)

    def _resolve(self, schema: Schema, depth: int) -> Schema:
        """Follow references, merge allOf and choose one of anyOf or oneOf."""
        for _ in range(MAX_DEPTH):
            rest = {k: v for k, v in schema.items() if k not in COMBINATIONS}
            if "$ref" in schema:
                schema = {**self._lookup(schema["$ref"]), **rest}
            elif "allOf" in schema:
                parts = [self._resolve(each, depth) for each in schema["allOf"]]
                schema = merge([rest, *parts])
            elif "anyOf" in schema or "oneOf" in schema:
                choice = choose(schema.get("anyOf") or schema["oneOf"], depth)
                schema = merge([rest, choice])
            else:
                break
        return schema

    def _lookup(self, ref: str) -> Schema:
        node: Any = self._root
        for key in ref.removeprefix("#").strip("/").split("/") if ref != "#" else ():
            node = node.get(key.replace("~1", "/").replace("~0", "~"), {})
        return node if isinstance(node, Mapping) else {}

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        keys = [k for k in properties if depth < OPTIONAL_DEPTH or k in required]
        keys += [key for key in required if key not in properties]
        return {key: self.make(properties.get(key, {}), key, depth + 1) for key in keys}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        minimum = schema.get("minItems", 1 if depth < OPTIONAL_DEPTH else 0)
        length = min(minimum, schema.get("maxItems", minimum))
        items = schema.get("items", {})
        return [self.make(items, name, depth + 1) for _ in range(length)]


def _scalar(schema: Schema, type: str, name: str) -> Any:
    if type in ("integer", "number"):
        return _number(schema, is_integer=type == "integer")
    if type in ("boolean", "null"):
        return True if type == "boolean" else None
    return _string(schema, name)


def _string(schema: Schema, name: str) -> str:
    text = FORMATS.get(schema.get("format", "")) or f"simulated {name}"
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]


def _number(schema: Schema, *, is_integer: bool) -> float:
    step = schema.get("multipleOf", 1 if is_integer else None)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", 10**9) - 1)
    number = min(max(low, 1), high)
    number = -(-number // step) * step if step else number
    return int(number) if is_integer else number


def type_of(schema: Schema) -> str:
    types = schema.get("type")
    if isinstance(types, list):
        types = next((each for each in types if each != "null"), "null")
    if isinstance(types, str):
        return types
    return next((v for k, v in IMPLIED_TYPES.items() if k in schema), "string")


def choose(alternatives: list[Any], depth: int) -> Schema:
    """Return the first alternative that is not null, or null if deeply nested."""
    schemas = [each for each in alternatives if isinstance(each, Mapping)]
    nulls = [each for each in schemas if type_of(each) == "null"]
    others = [each for each in schemas if type_of(each) != "null"]
    preferred = nulls + others if depth >= OPTIONAL_DEPTH else others + nulls
    return preferred[0] if preferred else {}


def merge(schemas: list[Schema]) -> Schema:
    merged: dict[str, Any] = {}
    for schema in schemas:
        properties = {**merged.get("properties", {}), **schema.get("properties", {})}
        required = [*merged.get("required", []), *schema.get("required", [])]
        merged |= schema
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = required
    return merged
