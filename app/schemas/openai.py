"""Schemas of OpenAI's `/v1` request bodies: Ollama's fields, and those Cerebras takes.

Ollama looks at more than the type of a value after it has read all fields, so fields
with such checks come last.
"""

from typing import Any

from marshmallow import ValidationError

from app.schemas.base import (
    FUNCTION,
    BodyField,
    BodySchema,
    accept,
    array_of,
    check_bool,
    check_embed_input,
    check_int,
    check_map,
    check_number,
    check_string,
    check_top_logprobs,
    required_field,
    struct_of,
)

ENCODINGS = ("float", "base64")
NO_INPUT = "invalid input"
NO_MESSAGES = "[] is too short - 'messages'"

check_called_function = struct_of({"name": check_string, "arguments": check_string})
check_tool_call = struct_of({"id": check_string, "function": check_called_function})
check_message = struct_of(
    {
        "role": check_string,
        "content": accept,
        "reasoning": check_string,
        "tool_calls": array_of(check_tool_call, "[]openai.ToolCall"),
        "name": check_string,
        "tool_call_id": check_string,
    }
)
check_message_list = array_of(check_message, "[]openai.Message")

check_function = struct_of({**FUNCTION, "strict": check_bool})
check_tool = struct_of({"type": check_string, "function": check_function})
check_tools = array_of(check_tool, "[]api.Tool")

check_stream_options = struct_of({"include_usage": check_bool})
check_reasoning = struct_of({"effort": check_string})
check_response_format = struct_of({"type": check_string, "json_schema": check_map})


def check_messages(value: Any, path: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = check_message_list(value, path)
    if not messages:
        raise ValidationError(NO_MESSAGES)
    return messages


def check_encoding_format(value: Any, path: str) -> str:
    encoding = check_string(value, path).lower()
    if encoding and encoding not in ENCODINGS:
        raise ValidationError(
            f"Invalid value for 'encoding_format' = {value}. "
            f"Supported values: {list(ENCODINGS)}."
        )
    return encoding


def check_embeddings_input(value: Any, path: str) -> str | list[str]:
    if value == []:
        raise ValidationError(NO_INPUT)
    return check_embed_input(value, path)


class ChatCompletionSchema(BodySchema):
    go_name = "ChatCompletionRequest"
    missing_body = "EOF"

    model = BodyField(check_string)
    stream = BodyField(check_bool)
    stream_options = BodyField(check_stream_options)
    max_tokens = BodyField(check_int)
    max_completion_tokens = BodyField(check_int)
    seed = BodyField(check_int)
    stop = BodyField(accept)
    temperature = BodyField(check_number)
    frequency_penalty = BodyField(check_number)
    presence_penalty = BodyField(check_number)
    top_p = BodyField(check_number)
    response_format = BodyField(check_response_format)
    tools = BodyField(check_tools)
    tool_choice = BodyField(accept)
    parallel_tool_calls = BodyField(check_bool)
    prediction = BodyField(check_map)
    reasoning = BodyField(check_reasoning)
    reasoning_effort = BodyField(check_string)
    logprobs = BodyField(check_bool)
    _debug_render_only = BodyField(check_bool)
    messages = required_field(check_messages, NO_MESSAGES)
    top_logprobs = BodyField(check_top_logprobs)


class CompletionSchema(BodySchema):
    go_name = "CompletionRequest"
    missing_body = "EOF"

    model = BodyField(check_string)
    prompt = BodyField(check_string)
    suffix = BodyField(check_string)
    stream = BodyField(check_bool)
    stream_options = BodyField(check_stream_options)
    max_tokens = BodyField(check_int)
    temperature = BodyField(check_number)
    top_p = BodyField(check_number)
    seed = BodyField(check_int)
    frequency_penalty = BodyField(check_number)
    presence_penalty = BodyField(check_number)
    stop = BodyField(accept)
    echo = BodyField(check_bool)
    _debug_render_only = BodyField(check_bool)
    logprobs = BodyField(check_top_logprobs)


class EmbeddingsSchema(BodySchema):
    go_name = "EmbedRequest"
    missing_body = "EOF"

    model = BodyField(check_string)
    dimensions = BodyField(check_int)
    encoding_format = BodyField(check_encoding_format)
    input = required_field(check_embeddings_input, NO_INPUT)
