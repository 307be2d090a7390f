"""Check a request: first its keys, then what depends on several keys or the model."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from fake_cerebras import models, request
from fake_cerebras.checks import tables
from fake_cerebras.checks.schemas import check_schema, check_strict_schema
from fake_cerebras.errors import (
    ApiError,
    context_length_exceeded,
    invalid_request,
    named_error,
)
from fake_cerebras.models import Model
from fake_cerebras.prompt import read_prompt

Body = dict[str, Any]

MIXED_STRICT = (
    "Tools with mixed values for 'strict' are not allowed. "
    "Please set all tools to 'strict: true' or 'strict: false'"
)
TOOLS_AND_FORMAT = '"tools" is incompatible with "response_format"'
# Quoted from July 2025; today's text is unknown.
JSON_OBJECT_STREAM = (
    '"stream=true" with structured outputs is currently not supported '
    "for reasoning models."
)
# Guess: OpenAI's text.
JSON_NOT_MENTIONED = (
    "'messages' must contain the word 'json' in some form, to use "
    "'response_format' of type 'json_object'."
)
SCHEMA_WITHOUT_NAME = "type: Input should be 'text'"  # quoted from March 2025

MAX_IMAGES = 5
MAX_IMAGE_BYTES = 10 * 1024 * 1024
IMAGE_FORMATS = {
    "data:image/png;base64": "png",
    "data:image/jpeg;base64": "jpeg",
    "data:image/jpg;base64": "jpeg",
}


def check_request(body: Body, *, text_only: bool) -> None:
    """Raise the `ApiError` with which the API refuses a request, if it does.

    `text_only` selects /v1/completions. The rules are in the API's order.
    """
    errors = (tables.COMPLETION if text_only else tables.CHAT)(body, "body")
    if errors:
        raise invalid_request("\n".join(errors))
    model = models.find(body["model"])
    if not text_only:
        if body.get("top_logprobs") and not body.get("logprobs"):  # guess
            raise invalid_request(
                "top_logprobs needs logprobs to be true", "top_logprobs"
            )
        check_tools(body)
        check_tool_messages(body["messages"])
        check_response_format(body, model)
        check_images(body, model)
        check_model_limits(body, model)
    check_length(body, model)


def check_tools(body: Body) -> None:
    tools = body.get("tools") or []
    choice = body.get("tool_choice")
    for tool in tools:
        check_schema(tool["function"].get("parameters") or {}, "tools")
    if len({bool(tool["function"].get("strict")) for tool in tools}) > 1:
        raise invalid_request(MIXED_STRICT, "tools")
    if choice is not None and not tools:
        message = "'tool_choice' is only allowed with 'tools'"  # guess
        raise invalid_request(message, "tool_choice")
    names = {tool["function"]["name"] for tool in tools}
    if isinstance(choice, dict) and choice["function"]["name"] not in names:
        name = choice["function"]["name"]
        message = f"tool_choice: there is no tool named '{name}'"  # guess
        raise invalid_request(message, "tool_choice")
    # Quoted for gpt-oss; whether qwen refuses it, and `param`, are guesses.
    if tools and body.get("response_format") is not None:
        raise invalid_request(TOOLS_AND_FORMAT, "response_format")


def check_tool_messages(messages: Sequence[Mapping[str, Any]]) -> None:
    """Check that each tool call is followed by its result; all texts are guesses."""
    call_ids: set[str] = set()
    open_ids: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            call_id = message["tool_call_id"]
            if call_id not in open_ids:
                text = f"tool message answers no tool call: '{call_id}'"
                raise invalid_request(text, "messages")
            open_ids.remove(call_id)
            continue
        check_no_open_calls(open_ids)
        for call in message.get("tool_calls") or ():
            if call["id"] in call_ids:
                text = f"duplicate tool_call id: '{call['id']}'"
                raise invalid_request(text, "messages")
            call_ids.add(call["id"])
            open_ids.add(call["id"])
    check_no_open_calls(open_ids)


def check_no_open_calls(open_ids: set[str]) -> None:
    if open_ids:
        text = f"tool calls without a tool message: {', '.join(sorted(open_ids))}"
        raise invalid_request(text, "messages")


def check_response_format(body: Body, model: Model) -> None:
    format = body.get("response_format") or {"type": "text"}
    if format["type"] == "json_object":
        if body.get("stream"):
            raise invalid_request(JSON_OBJECT_STREAM, "response_format")
        contents = (message.get("content") for message in body["messages"])
        if not any("json" in request.text_of(each).lower() for each in contents):
            raise invalid_request(JSON_NOT_MENTIONED, "response_format")
    if format["type"] == "json_schema":
        json_schema = format.get("json_schema") or {}
        if not json_schema.get("name"):
            raise invalid_request(SCHEMA_WITHOUT_NAME)
        schema = json_schema.get("schema") or {}
        check_schema(schema, "response_format")
        if json_schema.get("strict"):
            check_strict_schema(schema, model, "response_format")


def check_images(body: Body, model: Model) -> None:
    """Check number, size and format of the images; all texts are guesses."""
    urls = request.image_urls(body)
    if urls and not model.vision:
        raise image_error(f"Model {model.id} does not support image input.")
    if len(urls) > MAX_IMAGES:
        raise image_error(f"At most {MAX_IMAGES} images are allowed per request.")
    if sum(len(decode_image(url)) for url in urls) > MAX_IMAGE_BYTES:
        raise named_error("too_large")


def decode_image(url: str) -> bytes:
    """Return the bytes of a data URI, if their format is the one that it names."""
    head, _, encoded = url.partition(",")
    if head not in IMAGE_FORMATS:
        raise image_error(
            "Images must be base64 data URIs of type image/png or image/jpeg."
        )
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise image_error("The image is not valid base64.") from error
    image = request.read_image(data)
    if image is None or image.format != IMAGE_FORMATS[head]:
        raise image_error("The image could not be decoded.")
    return data


def image_error(message: str) -> ApiError:
    return invalid_request(message, "messages")


def check_model_limits(body: Body, model: Model) -> None:
    effort = body.get("reasoning_effort")
    if effort is not None and effort not in model.efforts:
        raise unknown_effort(effort, model)
    if body.get("prediction") is not None and not model.accepts_prediction:
        message = '"prediction" is not currently supported'
        raise invalid_request(message, "prediction")
    roles = [message["role"] for message in body["messages"]]
    if "developer" in roles and not model.accepts_developer_role:
        message = "Unexpected message role: developer."  # guess
        raise invalid_request(message, "messages")
    if model.only_first_system_message and "system" in roles[1:]:
        message = "System message must be at the beginning."
        raise invalid_request(message, "messages")


def unknown_effort(effort: str, model: Model) -> ApiError:
    """Return the 400 whose text is quoted for a model without reasoning."""
    *others, last = map(repr, model.efforts)
    error = invalid_request(
        "1 validation error for ChatCompletionServerRequest\nreasoning_effort\n"
        f"  Input should be {', '.join(others)} or {last} "
        f"[type=enum, input_value={effort!r}, input_type=str]\n"
        "    For further information visit https://errors.pydantic.dev/2.8/v/enum"
    )
    assert isinstance(error.body, Mapping)
    return ApiError(error.status, {**error.body, "id": ""})


def check_length(body: Body, model: Model) -> None:
    names = ("max_completion_tokens", "max_tokens")
    caps = [body[name] for name in names if body.get(name) is not None]
    if len(caps) > 1:
        # What the real API does is unknown: refuse both, so that Cerellama
        # does not rely on it.
        raise invalid_request(
            "max_tokens and max_completion_tokens are the same: give one"
        )
    length = read_prompt(body).tokens + max([0, *caps])
    if length > model.context_length:
        raise context_length_exceeded(length, model.context_length)
