"""Schemas of the native API's request bodies; fields in the order of Ollama's structs.

Ollama checks the range of a value after the types of all fields, so the fields whose
check looks at more than the type come last.
"""

import base64
import json
from typing import Any, ClassVar

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
    check_role,
    check_string,
    check_top_logprobs,
    mismatch,
    struct_of,
)
from app.wire import duration
from app.wire.base64 import check_base64

THINK_LEVELS = ("high", "medium", "low", "max")
THINK_CHOICES = '"high", "medium", "low", "max"'
GO_KINDS = {bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}
ARGUMENTS_NOT_OBJECT = "Value looks like object, but can't find closing '}' symbol"


def check_think(value: Any, path: str) -> bool | str:
    if type(value) is bool:
        return value
    if type(value) is not str:
        raise ValidationError(
            f"think must be a boolean or string ({THINK_CHOICES}, true, or false)"
        )
    if value not in THINK_LEVELS:
        raise ValidationError(
            f"invalid think value: {json.dumps(value, ensure_ascii=False)} "
            f"(must be {THINK_CHOICES}, true, or false)"
        )
    return value


def check_keep_alive(value: Any, path: str) -> int:
    """Return nanoseconds, or `duration.FOREVER` for a negative value.

    A number is in seconds; a string is a duration in Go's format.
    """
    if type(value) is int or type(value) is float:
        return _seconds_to_ns(value) if value >= 0 else duration.FOREVER
    if type(value) is not str:
        raise ValidationError(f"Unsupported type: '{GO_KINDS[type(value)]}'")
    try:
        return max(duration.parse(value), duration.FOREVER)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _seconds_to_ns(seconds: float) -> int:
    return min(int(min(seconds, duration.LONGEST) * 1e9), duration.LONGEST)


def check_context(value: Any, path: str) -> list[int]:
    if type(value) is not list:
        raise mismatch(value, path, "[]int")
    return [0 if item is None else check_int(item, path) for item in value]


def check_image(value: Any, path: str) -> str:
    """Return base64 text without line breaks; Go also takes an array of byte values."""
    if value is None:
        return ""
    if type(value) is list:
        return _encode_byte_values(value, path)
    try:
        return check_base64(check_string(value, path))
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _encode_byte_values(values: list[Any], path: str) -> str:
    try:
        return base64.b64encode(bytes(values)).decode()
    except (TypeError, ValueError):
        raise mismatch(values, path, "uint8") from None


def check_arguments(value: Any, path: str) -> dict[str, Any]:
    """Refuse arguments as a string of JSON, which is OpenAI's format."""
    if type(value) is not dict:
        raise ValidationError(ARGUMENTS_NOT_OBJECT)
    return value


def check_digests(value: Any, path: str) -> dict[str, str]:
    """Check the digests of blobs by file name."""
    if type(value) is not dict:
        raise mismatch(value, path, "map[string]string")
    return {name: check_string(digest, path) for name, digest in value.items()}


check_images = array_of(check_image, "[]api.ImageData")

check_called_function = struct_of(
    {"name": check_string, "arguments": check_arguments}, lambda: {"arguments": {}}
)
check_tool_call = struct_of(
    {"id": check_string, "function": check_called_function},
    lambda: {"function": {"name": "", "arguments": {}}},
)
check_message = struct_of(
    {
        "role": check_role,
        "content": check_string,
        "thinking": check_string,
        "images": check_images,
        "tool_calls": array_of(check_tool_call, "[]api.ToolCall"),
        "tool_name": check_string,
        "tool_call_id": check_string,
    },
    lambda: {"role": "", "content": ""},
)
check_messages = array_of(check_message, "[]api.Message")

check_function = struct_of(FUNCTION, lambda: {"name": ""})
check_tool = struct_of(
    {"type": check_string, "function": check_function},
    lambda: {"type": "function", "function": {"name": ""}},
)
check_tools = array_of(check_tool, "api.Tools")


class InferenceSchema(BodySchema):
    """The fields that generate and chat share."""

    model = BodyField(check_string)
    stream = BodyField(check_bool)
    format = BodyField(accept)
    keep_alive = BodyField(check_keep_alive)
    options = BodyField(check_map)
    think = BodyField(check_think)
    truncate = BodyField(check_bool)
    shift = BodyField(check_bool)
    logprobs = BodyField(check_bool)
    _debug_render_only = BodyField(check_bool)


class GenerateSchema(InferenceSchema):
    go_name = "GenerateRequest"

    prompt = BodyField(check_string)
    suffix = BodyField(check_string)
    system = BodyField(check_string)
    template = BodyField(check_string)
    context = BodyField(check_context)
    raw = BodyField(check_bool)
    images = BodyField(check_images)
    top_logprobs = BodyField(check_top_logprobs)


class ChatSchema(InferenceSchema):
    go_name = "ChatRequest"

    messages = BodyField(check_messages)
    tools = BodyField(check_tools)
    top_logprobs = BodyField(check_top_logprobs)


class ShowSchema(BodySchema):
    go_name = "ShowRequest"

    model = BodyField(check_string)
    name = BodyField(check_string)
    system = BodyField(check_string)
    template = BodyField(check_string)
    verbose = BodyField(check_bool)
    options = BodyField(check_map)


class TransferSchema(BodySchema):
    """The fields that pull and push share."""

    model = BodyField(check_string)
    name = BodyField(check_string)
    stream = BodyField(check_bool)


class PullSchema(TransferSchema):
    go_name = "PullRequest"


class PushSchema(TransferSchema):
    go_name = "PushRequest"


class WebSchema(BodySchema):
    """Accept any object: web search and web fetch are always refused."""

    go_name = "WebRequest"


class EmbedSchema(BodySchema):
    go_name = "EmbedRequest"

    model = BodyField(check_string)
    keep_alive = BodyField(check_keep_alive)
    truncate = BodyField(check_bool)
    dimensions = BodyField(check_int)
    options = BodyField(check_map)
    input = BodyField(check_embed_input)


class EmbeddingSchema(BodySchema):
    go_name = "EmbeddingRequest"

    model = BodyField(check_string)
    prompt = BodyField(check_string)
    keep_alive = BodyField(check_keep_alive)
    options = BodyField(check_map)


class CreateSchema(BodySchema):
    go_name = "CreateRequest"

    model = BodyField(check_string)
    name = BodyField(check_string)
    stream = BodyField(check_bool)
    remote_host = BodyField(check_string)
    files = BodyField(check_digests)
    draft_files = BodyField(check_digests)
    adapters = BodyField(check_digests)
    template = BodyField(check_string)
    system = BodyField(check_string)
    license = BodyField(accept)
    parameters = BodyField(check_map)
    messages = BodyField(check_messages)
    quantize = BodyField(check_string)
    quantization = BodyField(check_string)
    draft_quantize = BodyField(check_string)
    renderer = BodyField(check_string)
    parser = BodyField(check_string)
    requires = BodyField(check_string)
    info = BodyField(check_map)

    class Meta(BodySchema.Meta):
        include: ClassVar = {"from": BodyField(check_string)}


class CopySchema(BodySchema):
    go_name = "CopyRequest"

    source = BodyField(check_string)
    destination = BodyField(check_string)


class DeleteSchema(BodySchema):
    go_name = "DeleteRequest"

    model = BodyField(check_string)
    name = BodyField(check_string)
