"""The bodies of the native API, one schema per request; fields in Ollama's order."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from marshmallow import ValidationError

from app.schemas import records
from app.schemas.fields import (
    Checked,
    Request,
    anything,
    flag,
    images,
    integer,
    integers,
    keep_alive,
    mapping,
    mismatch,
    text,
)

THINK_LEVELS = ("high", "medium", "low", "max")
THINK_CHOICES = '"high", "medium", "low", "max"'
MOST_LOGPROBS = 20


def think(value: Any, path: str) -> bool | str:
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


def top_logprobs(value: Any, path: str) -> int:
    count = integer(value, path)
    if not 0 <= count <= MOST_LOGPROBS:
        raise ValidationError(f"top_logprobs must be between 0 and {MOST_LOGPROBS}")
    return count


def embedded(value: Any, path: str) -> str | list[str]:
    """A text to embed, or several."""
    texts = value if type(value) is list else [value]
    if not all(type(item) is str for item in texts):
        raise ValidationError("invalid input type")
    return value  # type: ignore[no-any-return]  # checked to be texts above


class Inference(Request):
    """What generate and chat share."""

    model = Checked(text)
    stream = Checked(flag)
    format = Checked(anything)
    keep_alive = Checked(keep_alive)
    options = Checked(mapping)
    think = Checked(think)
    truncate = Checked(flag)
    shift = Checked(flag)
    logprobs = Checked(flag)
    _debug_render_only = Checked(flag)


class GenerateRequest(Inference):
    go_name = "GenerateRequest"

    prompt = Checked(text)
    suffix = Checked(text)
    system = Checked(text)
    template = Checked(text)
    context = Checked(integers)
    raw = Checked(flag)
    images = Checked(images)
    top_logprobs = Checked(top_logprobs)  # last: its range is checked after all types


class ChatRequest(Inference):
    go_name = "ChatRequest"

    messages = Checked(records.messages)
    tools = Checked(records.tools)
    top_logprobs = Checked(top_logprobs)


class ShowRequest(Request):
    go_name = "ShowRequest"

    model = Checked(text)
    name = Checked(text)
    system = Checked(text)
    template = Checked(text)
    verbose = Checked(flag)
    options = Checked(mapping)


class Transfer(Request):
    """What pull and push share; how to reach a registry is of no use here."""

    model = Checked(text)
    name = Checked(text)
    stream = Checked(flag)


class PullRequest(Transfer):
    go_name = "PullRequest"


class PushRequest(Transfer):
    go_name = "PushRequest"


class WebRequest(Request):
    """Refused whatever it asks; only a missing body is told apart."""

    go_name = "WebRequest"


class EmbedRequest(Request):
    go_name = "EmbedRequest"

    model = Checked(text)
    keep_alive = Checked(keep_alive)
    truncate = Checked(flag)
    dimensions = Checked(integer)
    options = Checked(mapping)
    input = Checked(embedded)  # last: looked into after all types


class EmbeddingRequest(Request):
    go_name = "EmbeddingRequest"

    model = Checked(text)
    prompt = Checked(text)
    keep_alive = Checked(keep_alive)
    options = Checked(mapping)


def digests(value: Any, path: str) -> dict[str, str]:
    """Paths of files, each with the digest of its blob."""
    if type(value) is not dict:
        raise mismatch(value, path, "map[string]string")
    return {name: text(digest, path) for name, digest in value.items()}


class CreateRequest(Request):
    go_name = "CreateRequest"

    model = Checked(text)
    name = Checked(text)
    stream = Checked(flag)
    remote_host = Checked(text)
    files = Checked(digests)
    draft_files = Checked(digests)
    adapters = Checked(digests)
    template = Checked(text)
    system = Checked(text)
    license = Checked(anything)
    parameters = Checked(mapping)
    messages = Checked(records.messages)
    quantize = Checked(text)
    quantization = Checked(text)
    draft_quantize = Checked(text)
    renderer = Checked(text)
    parser = Checked(text)
    requires = Checked(text)
    info = Checked(mapping)

    class Meta(Request.Meta):
        include: ClassVar = {"from": Checked(text)}


class CopyRequest(Request):
    go_name = "CopyRequest"

    source = Checked(text)
    destination = Checked(text)


class DeleteRequest(Request):
    go_name = "DeleteRequest"

    model = Checked(text)
    name = Checked(text)
