"""The bodies of the `/v1/messages` routes, as Ollama reads them.

What Ollama does not look at is no reason to refuse a request: clients send what the
newest of Anthropic's betas knows.
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
    fold,
    integer,
    mismatch,
    number,
    text,
)
from app.schemas.openai import Required, listed
from app.schemas.records import record

NO_MODEL = "model is required"
NO_MAX_TOKENS = "max_tokens is required and must be positive"
NO_MESSAGES = "messages is required"
NO_CONTENT = "unexpected end of JSON input"


def model(value: Any, path: str) -> str:
    if not text(value, path).strip():
        raise ValidationError(NO_MODEL)
    return value  # type: ignore[no-any-return]  # checked to be a text above


def max_tokens(value: Any, path: str) -> int:
    most = integer(value, path)
    if most <= 0:
        raise ValidationError(NO_MAX_TOKENS)
    return most


def content(value: Any, path: str) -> Any:
    if type(value) is not str and type(value) is not list:
        raise mismatch(value, path, "[]anthropic.ContentBlock")
    return value


MESSAGE: Mapping[str, Check] = {"role": records.role, "content": content}


def message(value: Any, path: str) -> dict[str, Any]:
    """Content may be null, which says nothing, but not absent."""
    checked = record(value, path, MESSAGE)
    if "content" not in checked and not _names_content(value):
        raise ValidationError(NO_CONTENT)
    return checked


def _names_content(value: Any) -> bool:
    return isinstance(value, dict) and any(key.lower() == "content" for key in value)


def messages(value: Any, path: str) -> list[dict[str, Any]]:
    said = listed(value, path, "[]anthropic.MessageParam")
    if not said:
        raise ValidationError(NO_MESSAGES)
    return [message(each, path) for each in said]


TOOL: Mapping[str, Check] = {
    "type": text,
    "name": text,
    "description": text,
    "input_schema": anything,
}


def tools(value: Any, path: str) -> list[dict[str, Any]]:
    offered = listed(value, path, "[]anthropic.Tool")
    return [record(tool, path, TOOL) for tool in offered]


def texts(value: Any, path: str) -> list[str]:
    given = listed(value, path, "[]string")
    return ["" if each is None else text(each, path) for each in given]


def settings(value: Any, path: str) -> dict[str, Any]:
    """An object of which only what is known is read; all else is as good as none."""
    return fold(value, value) if type(value) is dict else {}


class CountRequest(Request):
    """What a prompt is made of."""

    go_name = "MessagesRequest"
    missing_body = "EOF"

    system = Checked(anything)
    tools = Checked(tools)
    model = Required(model, NO_MODEL)  # after all types, as are those below
    messages = Required(messages, NO_MESSAGES)


class MessagesRequest(Request):
    go_name = "MessagesRequest"
    missing_body = "EOF"

    stream = Checked(flag)
    system = Checked(anything)
    temperature = Checked(number)
    top_p = Checked(number)
    stop_sequences = Checked(texts)
    tools = Checked(tools)
    tool_choice = Checked(settings)
    thinking = Checked(settings)
    output_config = Checked(settings)
    output_format = Checked(settings)
    thread = Checked(settings)
    model = Required(model, NO_MODEL)  # after all types, as are those below
    max_tokens = Required(max_tokens, NO_MAX_TOKENS)
    messages = Required(messages, NO_MESSAGES)
