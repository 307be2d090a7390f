"""Schemas of the `/v1/messages` request bodies, with the fields that Ollama reads.

Other keys are dropped, not refused: clients send fields of new Anthropic betas. The
required fields come last because Ollama checks them after the types of all fields.
"""

from typing import Any

from marshmallow import ValidationError

from app.schemas.base import (
    BodyField,
    BodySchema,
    accept,
    array_of,
    check_bool,
    check_int,
    check_number,
    check_role,
    check_string,
    mismatch,
    required_field,
    struct_of,
)

NO_MODEL = "model is required"
NO_MAX_TOKENS = "max_tokens is required and must be positive"
NO_MESSAGES = "messages is required"
NO_CONTENT = "unexpected end of JSON input"


def check_model(value: Any, path: str) -> str:
    name = check_string(value, path)
    if not name.strip():
        raise ValidationError(NO_MODEL)
    return name


def check_max_tokens(value: Any, path: str) -> int:
    max_tokens = check_int(value, path)
    if max_tokens <= 0:
        raise ValidationError(NO_MAX_TOKENS)
    return max_tokens


def check_content(value: Any, path: str) -> Any:
    if type(value) is not str and type(value) is not list:
        raise mismatch(value, path, "[]anthropic.ContentBlock")
    return value


check_message_fields = struct_of({"role": check_role, "content": check_content})


def check_message(value: Any, path: str) -> dict[str, Any]:
    """Accept null content, but require the key."""
    message: dict[str, Any] = check_message_fields(value, path)
    if "content" not in message and not _has_content_key(value):
        raise ValidationError(NO_CONTENT)
    return message


def _has_content_key(value: Any) -> bool:
    return isinstance(value, dict) and any(key.lower() == "content" for key in value)


check_message_list = array_of(check_message, "[]anthropic.MessageParam")


def check_messages(value: Any, path: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = check_message_list(value, path)
    if not messages:
        raise ValidationError(NO_MESSAGES)
    return messages


check_tool = struct_of(
    {
        "type": check_string,
        "name": check_string,
        "description": check_string,
        "input_schema": accept,
    }
)
check_tools = array_of(check_tool, "[]anthropic.Tool")


def check_stop_sequence(value: Any, path: str) -> str:
    return "" if value is None else check_string(value, path)


check_stop_sequences = array_of(check_stop_sequence, "[]string")


def check_settings(value: Any, path: str) -> dict[str, Any]:
    """Return an object without its nulls; a value of another type is ignored."""
    if type(value) is not dict:
        return {}
    return {key: item for key, item in value.items() if item is not None}


class CountTokensSchema(BodySchema):
    go_name = "MessagesRequest"
    missing_body = "EOF"

    system = BodyField(accept)
    tools = BodyField(check_tools)
    model = required_field(check_model, NO_MODEL)
    messages = required_field(check_messages, NO_MESSAGES)


class MessagesSchema(BodySchema):
    go_name = "MessagesRequest"
    missing_body = "EOF"

    stream = BodyField(check_bool)
    system = BodyField(accept)
    temperature = BodyField(check_number)
    top_p = BodyField(check_number)
    stop_sequences = BodyField(check_stop_sequences)
    tools = BodyField(check_tools)
    tool_choice = BodyField(check_settings)
    thinking = BodyField(check_settings)
    output_config = BodyField(check_settings)
    output_format = BodyField(check_settings)
    thread = BodyField(check_settings)
    model = required_field(check_model, NO_MODEL)
    max_tokens = required_field(check_max_tokens, NO_MAX_TOKENS)
    messages = required_field(check_messages, NO_MESSAGES)
