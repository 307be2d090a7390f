"""The body of `/v1/responses`, as Ollama reads it and with what the upstream can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from app.schemas import records
from app.schemas.fields import (
    JSON_KINDS,
    Check,
    Checked,
    Request,
    anything,
    flag,
    integer,
    mapping,
    number,
    text,
)
from app.schemas.openai import listed
from app.schemas.records import record


def said(value: Any, path: str) -> str | list[Any]:
    if not isinstance(value, str | list):
        kind = JSON_KINDS[type(value)]
        raise ValidationError(f"input must be a string or array: got {kind}")
    return value if isinstance(value, str) else [item(each, path) for each in value]


def item(value: Any, path: str) -> Any:
    """Left to the translator, but for the tools that it may bring."""
    if not isinstance(value, dict) or value.get("type") != "additional_tools":
        return value
    return {**value, "tools": tools(value.get("tools") or [], f"{path}.tools")}


def tools(value: Any, path: str) -> list[dict[str, Any]]:
    return [record(tool, path, TOOL) for tool in listed(value, path, "[]ResponsesTool")]


TOOL: Mapping[str, Check] = {
    "type": text,
    "name": text,
    "description": text,
    "strict": flag,
    "parameters": records.parameters,
    "format": anything,
    "tools": tools,  # of a namespace
}


def form(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, FORM)


FORM: Mapping[str, Check] = {
    "type": text,
    "name": anything,
    "description": anything,
    "schema": anything,
    "strict": anything,
}


def reasoning(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, {"effort": text, "summary": text})


def text_settings(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, {"format": form, "verbosity": anything})


class ResponsesRequest(Request):
    go_name = "ResponsesRequest"
    missing_body = "EOF"

    model = Checked(text)
    input = Checked(said)
    instructions = Checked(text)
    truncation = Checked(text)
    stream = Checked(flag)
    max_output_tokens = Checked(integer)
    temperature = Checked(number)
    top_p = Checked(number)
    reasoning = Checked(reasoning)
    tools = Checked(tools)
    tool_choice = Checked(anything)
    parallel_tool_calls = Checked(flag)
    previous_response_id = Checked(anything)
    background = Checked(flag)
    metadata = Checked(mapping)
    prompt_cache_key = Checked(anything)
    safety_identifier = Checked(anything)
    text = Checked(text_settings)  # last: it hides the check of that name
