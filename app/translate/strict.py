"""The JSON schemas that the upstream enforces while it decodes (`strict: true`).

Whatever it does not take goes up as a mere hint. The limits are of its documentation:
https://inference-docs.cerebras.ai/capabilities/structured-outputs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from app.wire import json_codec

LONGEST_SCHEMA = 5000  # characters
DEEPEST_SCHEMA = 10
MOST_PROPERTIES = 500  # of one object
MOST_ENUM_VALUES = 500  # of the whole schema
MOST_CHOICES = 5  # of one anyOf

# What strict decoding takes, and what each keyword's value must be.
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


def enforceable(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema with its objects closed, if strict decoding takes it."""
    try:
        closed = _closed(schema)
        return closed if _is_within_limits(closed) else None
    except RecursionError:
        return None


def _closed(schema: Any) -> Any:
    """Say `additionalProperties: false` where an object leaves it open to doubt."""
    if not isinstance(schema, dict):
        return schema
    closed = {}
    for key, value in schema.items():
        if key == "definitions":
            closed["$defs"] = _closed_below("$defs", value)
        elif key != "$schema":
            closed[key] = _closed_below(key, value)
    if closed.get("properties"):
        closed.setdefault("additionalProperties", False)
    return closed


def _closed_below(key: str, value: Any) -> Any:
    if key in ("properties", "$defs") and isinstance(value, dict):
        return {name: _closed(below) for name, below in value.items()}
    if key == "anyOf" and isinstance(value, list):
        return [_closed(below) for below in value]
    if key == "$ref" and isinstance(value, str):
        return value.replace(OLD_DEFINITIONS, DEFINITIONS, 1)
    return _closed(value) if key == "items" else value


def _is_within_limits(schema: dict[str, Any]) -> bool:
    if len(json_codec.encode(schema).decode()) > LONGEST_SCHEMA:
        return False
    nodes = list(_nodes(schema))
    return (
        schema.get("type") == "object"
        and all(_is_plain(node) for node in nodes)
        and sum(len(node.get("enum", ())) for node in nodes) <= MOST_ENUM_VALUES
        and _has_sound_references(schema)
    )


def _nodes(schema: Any) -> Iterator[Any]:
    """The schema and all that it contains."""
    yield schema
    for below in _below(schema):
        yield from _nodes(below)


def _below(schema: Any) -> Iterator[Any]:
    if not isinstance(schema, dict):
        return
    for key in ("properties", "$defs"):
        if isinstance(schema.get(key), dict):
            yield from schema[key].values()
    if isinstance(schema.get("anyOf"), list):
        yield from schema["anyOf"]
    if "items" in schema:
        yield schema["items"]


def _is_plain(node: Any) -> bool:
    """Whether one schema, without those below it, has only what strict mode takes."""
    return (
        isinstance(node, dict)
        and all(
            key in KEYWORDS and isinstance(value, KEYWORDS[key])
            for key, value in node.items()
        )
        and not NARROWING.isdisjoint(node)
        and len(node.get("properties", ())) <= MOST_PROPERTIES
        and len(node.get("anyOf", ())) <= MOST_CHOICES
        and _is_shut(node)
    )


def _is_shut(node: Mapping[str, Any]) -> bool:
    """An object that names no properties is free, which strict mode cannot be."""
    if node.get("type") != "object" and "properties" not in node:
        return True
    return bool(node.get("properties")) and node["additionalProperties"] is False


def _has_sound_references(schema: Mapping[str, Any]) -> bool:
    """References lead into `$defs`, never in a circle, and not too deep."""
    definitions = schema.get("$defs", {})
    graph = {name: set(_references(below)) for name, below in definitions.items()}
    if not set(_references(schema)) <= graph.keys():
        return False
    depths: dict[str, int] = {}
    try:
        for name in TopologicalSorter(graph).static_order():
            depths[name] = _depth(definitions[name], depths)
    except CycleError:
        return False
    return _depth(schema, depths) <= DEEPEST_SCHEMA


def _references(schema: Any) -> Iterator[str]:
    for node in _nodes(schema):
        if "$ref" in node:
            yield node["$ref"].removeprefix(DEFINITIONS)


def _depth(schema: Mapping[str, Any], depths: Mapping[str, int]) -> int:
    """Levels of nesting, those behind a reference included."""
    referred = depths.get(schema.get("$ref", "").removeprefix(DEFINITIONS), 1)
    own = {key: value for key, value in schema.items() if key != "$defs"}
    return max([referred, *(1 + _depth(below, depths) for below in _below(own))])
