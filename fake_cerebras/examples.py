"""Makes values that fit a JSON schema, with what was asked as a source of ideas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fake_cerebras.hints import Hints

Schema = Mapping[str, Any]

ENOUGH = 5  # levels down to which optional things are made
TOO_DEEP = 30
FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "someone@example.com",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
LIKELY_TYPES = {  # when a schema names none
    "properties": "object",
    "additionalProperties": "object",
    "items": "array",
    "minimum": "number",
    "maximum": "number",
}


class Examples:
    """Values for one schema; each idea in the text is used once."""

    def __init__(self, root: Schema, text: str) -> None:
        self._root = root
        self._hints = Hints(text)
        self._makers: dict[str, Callable[[Schema, str, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._number,
            "number": self._number,
            "boolean": lambda schema, name, depth: True,
            "null": lambda schema, name, depth: None,
        }

    def make(self, schema: Any, name: str = "value", depth: int = 0) -> Any:
        """`name` is the property's, a hint of its own."""
        if not isinstance(schema, Mapping) or depth > TOO_DEEP:
            return None
        schema = self._resolve(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._hints.pick(schema["enum"])
        maker = self._makers.get(kind(schema), self._string)
        return maker(schema, name, depth)

    def _resolve(self, schema: Schema, depth: int) -> Schema:
        """Follow references, merge allOf, settle for one alternative."""
        for _ in range(TOO_DEEP):
            rest = {k: v for k, v in schema.items() if k not in COMPOUND}
            if "$ref" in schema:
                schema = {**self._find(schema["$ref"]), **rest}
            elif "allOf" in schema:
                parts = [self._resolve(each, depth) for each in schema["allOf"]]
                schema = merge([rest, *parts])
            elif "anyOf" in schema or "oneOf" in schema:
                chosen = one(schema.get("anyOf") or schema["oneOf"], depth)
                schema = merge([rest, chosen])
            else:
                break
        return schema

    def _find(self, ref: str) -> Schema:
        found: Any = self._root
        for key in ref.removeprefix("#").strip("/").split("/") if ref != "#" else ():
            found = found.get(key.replace("~1", "/").replace("~0", "~"), {})
        return found if isinstance(found, Mapping) else {}

    def _object(self, schema: Schema, name: str, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        keys = [k for k in properties if depth < ENOUGH or k in required]
        keys += [key for key in required if key not in properties]
        return {key: self.make(properties.get(key, {}), key, depth + 1) for key in keys}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 1 if depth < ENOUGH else 0)
        length = min(least, schema.get("maxItems", least))
        inner = schema.get("items", {})
        return [self.make(inner, name, depth + 1) for _ in range(length)]

    def _string(self, schema: Schema, name: str, depth: int) -> str:
        fixed = FORMATS.get(schema.get("format", ""))
        made = fixed or self._hints.word(name, schema.get("pattern"))
        made = made.ljust(schema.get("minLength", 0), "x")
        return made[: schema.get("maxLength", len(made))]

    def _number(self, schema: Schema, name: str, depth: int) -> float:
        whole = kind(schema) == "integer"
        step = schema.get("multipleOf", 1 if whole else None)
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", 10**9) - 1)
        made = self._hints.number(whole)
        if made is None or not low <= made <= high or (step and made % step):
            made = min(max(low, 1), high)
            made = -(-made // step) * step if step else made
        return int(made) if whole else made


COMPOUND = ("$ref", "allOf", "anyOf", "oneOf")


def kind(schema: Schema) -> str:
    kinds = schema.get("type")
    if isinstance(kinds, list):
        kinds = next((each for each in kinds if each != "null"), "null")
    if isinstance(kinds, str):
        return kinds
    return next((v for k, v in LIKELY_TYPES.items() if k in schema), "string")


def one(alternatives: list[Any], depth: int) -> Schema:
    """The first that is not null; deep down null, so that recursion ends."""
    schemas = [each for each in alternatives if isinstance(each, Mapping)]
    nulls = [each for each in schemas if kind(each) == "null"]
    others = [each for each in schemas if kind(each) != "null"]
    pool = nulls + others if depth >= ENOUGH else others + nulls
    return pool[0] if pool else {}


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
