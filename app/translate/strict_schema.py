"""The JSON schemas that the upstream enforces while it decodes (`strict: true`).

Any other schema is sent with `strict: false`, as a hint. The limits are documented at
https://inference-docs.cerebras.ai/capabilities/structured-outputs
"""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from app.wire import json_codec

MAX_CHARACTERS = 5000
MAX_DEPTH = 10
MAX_PROPERTIES = 500  # of one object
MAX_ENUM_VALUES = 500  # of the whole schema
MAX_ANY_OF = 5  # schemas in one anyOf

# The keywords that strict mode supports, with the types of their values.
KEYWORDS: Mapping[str, type | tuple[type, ...]] = {
    "type": str,
    "properties": dict,
    "required": list,
    "additionalProperties": bool,
    "items": dict,
    "enum": list,
    "const": object,
    "anyOf": list,
    "$defs": dict,
    "$ref": str,
    "title": str,
    "description": str,
    "default": object,
    "examples": list,
    "minimum": (int, float),
    "maximum": (int, float),
    "exclusiveMinimum": (int, float),
    "exclusiveMaximum": (int, float),
    "multipleOf": (int, float),
}
NARROWING = frozenset({"type", "enum", "const", "anyOf", "$ref"})
OLD_DEFINITIONS, DEFINITIONS = "#/definitions/", "#/$defs/"


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the schema with its objects closed; None if strict mode refuses it."""
    try:
        closed = _closed(schema)
        return closed if _is_supported(closed) else None
    except RecursionError:
        return None


def _closed(schema: Any) -> Any:
    """Add `additionalProperties: false` to objects that do not have the keyword."""
    if not isinstance(schema, dict):
        return schema
    closed = {}
    for key, value in schema.items():
        if key == "definitions":
            closed["$defs"] = _closed_value("$defs", value)
        elif key != "$schema":
            closed[key] = _closed_value(key, value)
    if closed.get("properties"):
        closed.setdefault("additionalProperties", False)
    return closed


def _closed_value(key: str, value: Any) -> Any:
    """Return a keyword's value with the schemas in it closed."""
    if key in ("properties", "$defs") and isinstance(value, dict):
        return {name: _closed(schema) for name, schema in value.items()}
    if key == "anyOf" and isinstance(value, list):
        return [_closed(schema) for schema in value]
    if key == "$ref" and isinstance(value, str):
        return value.replace(OLD_DEFINITIONS, DEFINITIONS, 1)
    return _closed(value) if key == "items" else value


def _is_supported(schema: dict[str, Any]) -> bool:
    if len(json_codec.encode(schema).decode()) > MAX_CHARACTERS:
        return False
    nodes = list(_nodes(schema))
    return (
        schema.get("type") == "object"
        and all(_is_supported_node(node) for node in nodes)
        and sum(len(node.get("enum", ())) for node in nodes) <= MAX_ENUM_VALUES
        and _has_supported_references(schema)
    )


def _nodes(schema: Any) -> Iterator[Any]:
    """Yield the schema and all schemas in it."""
    yield schema
    for child in _children(schema):
        yield from _nodes(child)


def _children(schema: Any) -> Iterator[Any]:
    if not isinstance(schema, dict):
        return
    for key in ("properties", "$defs"):
        if isinstance(schema.get(key), dict):
            yield from schema[key].values()
    if isinstance(schema.get("anyOf"), list):
        yield from schema["anyOf"]
    if "items" in schema:
        yield schema["items"]


def _is_supported_node(node: Any) -> bool:
    """Return whether strict mode supports a schema, apart from the schemas in it."""
    return (
        isinstance(node, dict)
        and all(
            key in KEYWORDS and isinstance(value, KEYWORDS[key])
            for key, value in node.items()
        )
        and not NARROWING.isdisjoint(node)
        and len(node.get("properties", ())) <= MAX_PROPERTIES
        and len(node.get("anyOf", ())) <= MAX_ANY_OF
        and _is_closed(node)
    )


def _is_closed(node: Mapping[str, Any]) -> bool:
    """Return whether a schema of objects has a fixed set of properties."""
    if node.get("type") != "object" and "properties" not in node:
        return True
    return bool(node.get("properties")) and node["additionalProperties"] is False


def _has_supported_references(schema: Mapping[str, Any]) -> bool:
    """Return whether all references lead to `$defs`, without cycles or excess depth."""
    definitions = schema.get("$defs", {})
    graph = {name: set(_references(child)) for name, child in definitions.items()}
    if not set(_references(schema)) <= graph.keys():
        return False
    depths: dict[str, int] = {}
    try:
        for name in TopologicalSorter(graph).static_order():
            depths[name] = _depth(definitions[name], depths)
    except CycleError:
        return False
    return _depth(schema, depths) <= MAX_DEPTH


def _references(schema: Any) -> Iterator[str]:
    for node in _nodes(schema):
        if "$ref" in node:
            yield node["$ref"].removeprefix(DEFINITIONS)


def _depth(schema: Mapping[str, Any], depths: Mapping[str, int]) -> int:
    """Return the levels of nesting; `depths` holds those of the definitions."""
    definition_depth = depths.get(schema.get("$ref", "").removeprefix(DEFINITIONS), 1)
    without_definitions = {k: v for k, v in schema.items() if k != "$defs"}
    child_depths = [_depth(child, depths) for child in _children(without_definitions)]
    return max([definition_depth, *(1 + depth for depth in child_depths)])
