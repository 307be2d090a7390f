"""The tools of a request: functions for the upstream, the client's own in the reply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

TOOL_ITEM = "additional_tools"  # brings tools among the input
FUNCTION, CUSTOM, NAMESPACE = "function", "custom", "namespace"
CHOICES = frozenset({"none", "auto", "required"})

# A custom tool takes a text as it is; the upstream's functions take an object.
INPUT = "input"
CUSTOM_PARAMETERS = {
    "type": "object",
    "properties": {INPUT: {"type": "string", "description": "The input as it is."}},
    "required": [INPUT],
    "additionalProperties": False,
}

FUNCTION_KEYS = ("description", "parameters", "strict")

Described = Mapping[str, Any]


class Tool(NamedTuple):
    kind: str
    name: str
    namespace: str | None
    described: Described

    @property
    def upstream_name(self) -> str:
        return qualified(self.name, self.namespace)


Tools = Mapping[str, Tool]  # by the names they have upstream


def offered(body: Mapping[str, Any]) -> dict[str, Tool]:
    """The tools that the client runs itself, also those that came as an item."""
    tools: dict[str, Tool] = {}
    for tool in _flat(_listed(body)):
        tools.setdefault(tool.upstream_name, tool)
    names = _allowed(body.get("tool_choice"))
    if names is None:
        return tools
    return {name: tool for name, tool in tools.items() if tool.name in names}


def hosted(body: Mapping[str, Any]) -> Iterator[str]:
    """The kinds of tools that OpenAI would run: here nobody does."""
    for described in _listed(body):
        kind = _kind(described)
        if kind not in (FUNCTION, CUSTOM, NAMESPACE):
            yield kind


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """Tools, and what is only valid beside them."""
    tools = offered(body)
    if not tools:
        return {}
    return {
        "tools": [_function(name, tool) for name, tool in tools.items()],
        "tool_choice": _choice(body.get("tool_choice"), tools),
        "parallel_tool_calls": body.get("parallel_tool_calls"),
    }


def qualified(name: str, namespace: str | None) -> str:
    if not namespace or name.startswith((f"{namespace}.", f"{namespace}__")):
        return name
    return f"{namespace.removesuffix('__')}__{name}"


def _listed(body: Mapping[str, Any]) -> Iterator[Described]:
    yield from body.get("tools") or ()
    items = body.get("input")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") == TOOL_ITEM:
            yield from item.get("tools") or ()


def _flat(tools: Iterable[Described], namespace: str | None = None) -> Iterator[Tool]:
    for tool in tools:
        kind, name = _kind(tool), str(tool.get("name") or "")
        if kind == NAMESPACE:
            yield from _flat(tool.get("tools") or (), qualified(name, namespace))
        elif kind in (FUNCTION, CUSTOM):
            yield Tool(kind, name, namespace, tool)


def _kind(tool: Described) -> str:
    return str(tool.get("type") or FUNCTION)


def _function(name: str, tool: Tool) -> dict[str, Any]:
    function = DESCRIBED[tool.kind](tool.described)
    return {"type": FUNCTION, FUNCTION: {"name": name, **function}}


def _described(described: Described) -> dict[str, Any]:
    return {key: described.get(key) for key in FUNCTION_KEYS}


def _custom(described: Described) -> dict[str, Any]:
    return {"description": _manual(described), "parameters": CUSTOM_PARAMETERS}


DESCRIBED = {FUNCTION: _described, CUSTOM: _custom}


def _manual(described: Described) -> str:
    """What a custom tool is for, and the grammar that nobody enforces here."""
    manual = str(described.get("description") or "")
    form = described.get("format")
    if not isinstance(form, dict) or not form.get("definition"):
        return manual
    syntax, grammar = form.get("syntax") or "", form["definition"]
    return f"{manual}\n\nThe input has to match this {syntax} grammar:\n{grammar}"


def _allowed(choice: Any) -> set[str] | None:
    """The names that `allowed_tools` leaves; None without it."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return None
    listed = choice.get("tools")
    tools = listed if isinstance(listed, list) else []
    return {str(tool.get("name")) for tool in tools if isinstance(tool, dict)}


def _choice(choice: Any, tools: Tools) -> Any:
    if isinstance(choice, str):
        return choice if choice in CHOICES else None
    if not isinstance(choice, dict):
        return None
    if choice.get("type") == "allowed_tools":
        return _choice(str(choice.get("mode")), tools)
    chosen = (upstream for upstream, t in tools.items() if t.name == choice.get("name"))
    name = next(chosen, None)
    return {"type": FUNCTION, FUNCTION: {"name": name}} if name else None
