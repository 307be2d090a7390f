"""Schema of `/v1/responses` bodies: Ollama's fields, and those that Cerebras takes."""

from typing import Any

from marshmallow import ValidationError

from app.schemas.base import (
    BodyField,
    BodySchema,
    Check,
    accept,
    array_of,
    check_bool,
    check_int,
    check_map,
    check_number,
    check_parameters,
    check_string,
    struct_of,
)
from app.wire.json_codec import JSON_KINDS


def check_input(value: Any, path: str) -> str | list[Any]:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise ValidationError(
            f"input must be a string or array: got {JSON_KINDS[type(value)]}"
        )
    return [check_item(item, path) for item in value]


def check_item(value: Any, path: str) -> Any:
    """Check the tools of an `additional_tools` item; the translator checks the rest."""
    if not isinstance(value, dict) or value.get("type") != "additional_tools":
        return value
    return {**value, "tools": check_tools(value.get("tools") or [], f"{path}.tools")}


TOOL: dict[str, Check] = {
    "type": check_string,
    "name": check_string,
    "description": check_string,
    "strict": check_bool,
    "parameters": check_parameters,
    "format": accept,
}
check_tools = array_of(struct_of(TOOL), "[]ResponsesTool")
TOOL["tools"] = check_tools  # a namespace is a tool that holds tools

check_format = struct_of(
    {
        "type": check_string,
        "name": accept,
        "description": accept,
        "schema": accept,
        "strict": accept,
    }
)
check_reasoning = struct_of({"effort": check_string, "summary": check_string})
check_text = struct_of({"format": check_format, "verbosity": accept})


class ResponsesSchema(BodySchema):
    go_name = "ResponsesRequest"
    missing_body = "EOF"

    model = BodyField(check_string)
    input = BodyField(check_input)
    instructions = BodyField(check_string)
    truncation = BodyField(check_string)
    stream = BodyField(check_bool)
    max_output_tokens = BodyField(check_int)
    temperature = BodyField(check_number)
    top_p = BodyField(check_number)
    reasoning = BodyField(check_reasoning)
    tools = BodyField(check_tools)
    tool_choice = BodyField(accept)
    parallel_tool_calls = BodyField(check_bool)
    previous_response_id = BodyField(accept)
    background = BodyField(check_bool)
    metadata = BodyField(check_map)
    prompt_cache_key = BodyField(accept)
    safety_identifier = BodyField(accept)
    text = BodyField(check_text)
