"""Response formats, in the forms that the upstream supports.

The upstream refuses a response format together with tools, cannot stream a
`json_object`, and requires the word JSON in its prompt. Therefore the prompt describes
the format if the request has tools. A reply that calls no tool and does not satisfy
the format is then requested again without the tools, see `without_tools`.
"""

import re
from collections.abc import Container, Mapping
from typing import Any

import msgspec

from app.translate.messages import text_of, with_instruction
from app.translate.schema_check import satisfies_schema
from app.translate.strict_schema import strict_schema
from app.wire import json_codec

Form = Mapping[str, Any]  # a request in the upstream form

JSON_INSTRUCTION = "Reply in JSON."
UNLESS_TOOL = "Unless you call a tool, reply with nothing but"
TOOL_KEYS = frozenset({"tools", "tool_choice", "parallel_tool_calls"})

DEFAULT_NAME = "response"
VALID_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def fit_format(request: Form) -> dict[str, Any]:
    """Return the request with a response format that the upstream supports."""
    if request.get("tools"):
        return _described_in_prompt(request)
    response_format = request.get("response_format") or {}
    fit = FIT_BY_TYPE.get(response_format.get("type", ""))
    return fit(request) if fit else _without(request, {"response_format"})


def must_be_whole(request: Form) -> bool:
    """Return whether the upstream refuses to stream the reply."""
    response_format = request.get("response_format") or {}
    return response_format.get("type") == "json_object" and not request.get("tools")


def without_tools(request: Form, response_format: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request without its tools, so that the format is enforced."""
    toolless = _without(request, TOOL_KEYS)
    return fit_format({**toolless, "response_format": response_format})


def satisfies(text: str, response_format: Mapping[str, Any]) -> bool:
    """Return whether a text has the format; true if the schema cannot be checked."""
    kind = response_format.get("type")
    if kind not in FIT_BY_TYPE:
        return True
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    if kind == "json_object":
        return isinstance(value, dict | list)
    return satisfies_schema(value, response_format["json_schema"]["schema"])


def _described_in_prompt(request: Form) -> dict[str, Any]:
    description = _describe(request.get("response_format") or {})
    described = _without(request, {"response_format"})
    if description:
        described["messages"] = with_instruction(
            request["messages"], f"{UNLESS_TOOL} {description}"
        )
    return described


def _describe(response_format: Mapping[str, Any]) -> str | None:
    kind = response_format.get("type")
    if kind == "json_object":
        return "one JSON object."
    if kind == "json_schema":
        schema = json_codec.encode(response_format["json_schema"]["schema"]).decode()
        return f"JSON that fits this JSON schema:\n{schema}"
    return None


def _fit_json_object(request: Form) -> dict[str, Any]:
    fitted = {**request, "response_format": {"type": "json_object"}}
    contents = (message.get("content") for message in request["messages"])
    if not any("json" in text_of(content).lower() for content in contents):
        fitted["messages"] = with_instruction(request["messages"], JSON_INSTRUCTION)
    return fitted


def _fit_json_schema(request: Form) -> dict[str, Any]:
    json_schema = request["response_format"]["json_schema"]
    enforced = None
    if json_schema.get("strict") is not False:
        enforced = strict_schema(json_schema["schema"])
    fitted = {
        "name": _valid_name(json_schema.get("name")),
        "strict": enforced is not None,
        "schema": json_schema["schema"] if enforced is None else enforced,
    }
    if isinstance(json_schema.get("description"), str):
        fitted["description"] = json_schema["description"]
    response_format = {"type": "json_schema", "json_schema": fitted}
    return {**request, "response_format": response_format}


FIT_BY_TYPE = {"json_object": _fit_json_object, "json_schema": _fit_json_schema}


def _valid_name(name: Any) -> str:
    if isinstance(name, str) and VALID_NAME.fullmatch(name):
        return name
    return DEFAULT_NAME


def _without(request: Form, keys: Container[str]) -> dict[str, Any]:
    return {key: value for key, value in request.items() if key not in keys}
