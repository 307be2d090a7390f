"""Convert the tools of a request to functions, and remember the client's own tools."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.translate.messages import function

TOOL_ITEM = "additional_tools"  # an input item that contains tools
FUNCTION, CUSTOM, NAMESPACE = "function", "custom", "namespace"
CHOICES = frozenset({"none", "auto", "required"})

# A custom tool takes plain text, but the upstream's functions take an object.
INPUT = "input"
CUSTOM_PARAMETERS = {
    "type": "object",
    "properties": {INPUT: {"type": "string", "description": "The input as it is."}},
    "required": [INPUT],
    "additionalProperties": False,
}

FUNCTION_KEYS = ("description", "parameters", "strict")

Definition = Mapping[str, Any]  # a tool as the client sends it


class Tool(NamedTuple):
    """A tool that the client runs."""

    kind: str  # FUNCTION or CUSTOM
    name: str
    namespace: str | None
    definition: Definition

    @property
    def upstream_name(self) -> str:
        """The name of its function in the upstream form."""
        return qualified(self.name, self.namespace)


Tools = Mapping[str, Tool]  # by their upstream names


def offered(body: Mapping[str, Any]) -> dict[str, Tool]:
    """Return the tools that the client runs, including those in input items."""
    tools: dict[str, Tool] = {}
    for tool in _flatten(_definitions(body)):
        tools.setdefault(tool.upstream_name, tool)
    names = _allowed_names(body.get("tool_choice"))
    if names is None:
        return tools
    return {name: tool for name, tool in tools.items() if tool.name in names}


def hosted(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the types of tools that OpenAI's server would run; they are left out."""
    for definition in _definitions(body):
        kind = _kind(definition)
        if kind not in (FUNCTION, CUSTOM, NAMESPACE):
            yield kind


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tools, and the fields that are only valid with tools."""
    tools = offered(body)
    if not tools:
        return {}
    return {
        "tools": [_function(name, tool) for name, tool in tools.items()],
        "tool_choice": _choice(body.get("tool_choice"), tools),
        "parallel_tool_calls": body.get("parallel_tool_calls"),
    }


def qualified(name: str, namespace: str | None) -> str:
    """Return the name with its namespace as prefix."""
    if not namespace or name.startswith((f"{namespace}.", f"{namespace}__")):
        return name
    return f"{namespace.removesuffix('__')}__{name}"


def _definitions(body: Mapping[str, Any]) -> Iterator[Definition]:
    yield from body.get("tools") or ()
    items = body.get("input")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") == TOOL_ITEM:
            yield from item.get("tools") or ()


def _flatten(
    definitions: Iterable[Definition], namespace: str | None = None
) -> Iterator[Tool]:
    """Yield the functions and custom tools, also those in namespaces."""
    for definition in definitions:
        kind, name = _kind(definition), str(definition.get("name") or "")
        if kind == NAMESPACE:
            tools = definition.get("tools") or ()
            yield from _flatten(tools, qualified(name, namespace))
        elif kind in (FUNCTION, CUSTOM):
            yield Tool(kind, name, namespace, definition)


def _kind(definition: Definition) -> str:
    return str(definition.get("type") or FUNCTION)


def _function(name: str, tool: Tool) -> dict[str, Any]:
    fields = {key: tool.definition.get(key) for key in FUNCTION_KEYS}
    if tool.kind == CUSTOM:
        description = _custom_description(tool.definition)
        fields = {"description": description, "parameters": CUSTOM_PARAMETERS}
    return function(name, **fields)


def _custom_description(definition: Definition) -> str:
    """Return the description with the tool's grammar, which is not enforced."""
    description = str(definition.get("description") or "")
    form = definition.get("format")
    if not isinstance(form, dict) or not form.get("definition"):
        return description
    syntax, grammar = form.get("syntax") or "", form["definition"]
    return f"{description}\n\nThe input has to match this {syntax} grammar:\n{grammar}"


def _allowed_names(choice: Any) -> set[str] | None:
    """Return the names in `allowed_tools`, or None if all tools are allowed."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return None
    allowed = choice.get("tools")
    tools = allowed if isinstance(allowed, list) else []
    return {str(tool.get("name")) for tool in tools if isinstance(tool, dict)}


def _choice(choice: Any, tools: Tools) -> Any:
    """Return the tool choice, or None if the chosen tool does not exist."""
    if isinstance(choice, str):
        return choice if choice in CHOICES else None
    if not isinstance(choice, dict):
        return None
    if choice.get("type") == "allowed_tools":
        return _choice(str(choice.get("mode")), tools)
    matches = (key for key, tool in tools.items() if tool.name == choice.get("name"))
    name = next(matches, None)
    return function(name) if name else None
