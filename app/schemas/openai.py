"""The bodies of the `/v1` routes in OpenAI's manner, as Ollama reads them.

Besides Ollama's own fields stand those that the upstream can honour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from app.schemas import records
from app.schemas.fields import (
    Check,
    Checked,
    Request,
    anything,
    flag,
    integer,
    mapping,
    mismatch,
    number,
    text,
)
from app.schemas.ollama import embedded, top_logprobs
from app.schemas.records import record

ENCODINGS = ("float", "base64")
NO_INPUT = "invalid input"
NO_MESSAGES = "[] is too short - 'messages'"


def listed(value: Any, path: str, go_type: str) -> list[Any]:
    if type(value) is not list:
        raise mismatch(value, path, go_type)
    return value


def called_function(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, CALLED_FUNCTION)


def tool_calls(value: Any, path: str) -> list[dict[str, Any]]:
    calls = listed(value, path, "[]openai.ToolCall")
    return [record(call, path, TOOL_CALL) for call in calls]


CALLED_FUNCTION: Mapping[str, Check] = {"name": text, "arguments": text}
TOOL_CALL: Mapping[str, Check] = {"id": text, "function": called_function}
MESSAGE: Mapping[str, Check] = {
    "role": text,
    "content": anything,
    "reasoning": text,
    "tool_calls": tool_calls,
    "name": text,
    "tool_call_id": text,
}


def messages(value: Any, path: str) -> list[dict[str, Any]]:
    said = listed(value, path, "[]openai.Message")
    if not said:
        raise ValidationError(NO_MESSAGES)
    return [record(message, path, MESSAGE) for message in said]


def function(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, FUNCTION)


FUNCTION: Mapping[str, Check] = {**records.FUNCTION, "strict": flag}
TOOL: Mapping[str, Check] = {"type": text, "function": function}


def tools(value: Any, path: str) -> list[dict[str, Any]]:
    return [record(tool, path, TOOL) for tool in listed(value, path, "[]api.Tool")]


def stream_options(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, {"include_usage": flag})


def reasoning(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, {"effort": text})


def response_format(value: Any, path: str) -> dict[str, Any]:
    return record(value, path, {"type": text, "json_schema": mapping})


def encoding_format(value: Any, path: str) -> str:
    encoding = text(value, path).lower()
    if encoding and encoding not in ENCODINGS:
        raise ValidationError(
            f"Invalid value for 'encoding_format' = {value}. "
            f"Supported values: {list(ENCODINGS)}."
        )
    return encoding


def embedded_input(value: Any, path: str) -> str | list[str]:
    if value == []:
        raise ValidationError(NO_INPUT)
    return embedded(value, path)


class Required(Checked):
    """The one field of a body that must be there; `missing` says that it is not."""

    def __init__(self, check: Check, missing: str) -> None:
        super().__init__(check)
        self.required = True
        self.error_messages["required"] = missing


class ChatRequest(Request):
    go_name = "ChatCompletionRequest"
    missing_body = "EOF"

    model = Checked(text)
    stream = Checked(flag)
    stream_options = Checked(stream_options)
    max_tokens = Checked(integer)
    max_completion_tokens = Checked(integer)
    seed = Checked(integer)
    stop = Checked(anything)
    temperature = Checked(number)
    frequency_penalty = Checked(number)
    presence_penalty = Checked(number)
    top_p = Checked(number)
    response_format = Checked(response_format)
    tools = Checked(tools)
    tool_choice = Checked(anything)
    parallel_tool_calls = Checked(flag)
    prediction = Checked(mapping)
    reasoning = Checked(reasoning)
    reasoning_effort = Checked(text)
    logprobs = Checked(flag)
    _debug_render_only = Checked(flag)
    messages = Required(
        messages, NO_MESSAGES
    )  # after all types, as are the checks below
    top_logprobs = Checked(top_logprobs)


class CompletionRequest(Request):
    go_name = "CompletionRequest"
    missing_body = "EOF"

    model = Checked(text)
    prompt = Checked(text)
    suffix = Checked(text)
    stream = Checked(flag)
    stream_options = Checked(stream_options)
    max_tokens = Checked(integer)
    temperature = Checked(number)
    top_p = Checked(number)
    seed = Checked(integer)
    frequency_penalty = Checked(number)
    presence_penalty = Checked(number)
    stop = Checked(anything)
    echo = Checked(flag)
    _debug_render_only = Checked(flag)
    logprobs = Checked(top_logprobs)  # last: its range is checked after all types


class EmbedRequest(Request):
    go_name = "EmbedRequest"
    missing_body = "EOF"

    model = Checked(text)
    dimensions = Checked(integer)
    encoding_format = Checked(encoding_format)
    input = Required(embedded_input, NO_INPUT)  # looked into after all types
