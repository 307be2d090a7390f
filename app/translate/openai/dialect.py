"""The common part of the `/v1` endpoints in OpenAI's format."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.domain.models import Listed
from app.errors import CerellamaError, InvalidRequest
from app.translate.dialect import NS_PER_S, Body, Dialect, ReplyContext
from app.translate.reply_writer import TextRun
from app.wire import json_codec, sse

ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
DEFAULT_ERROR_TYPE = "api_error"

# A comment: openai-python fails on an event without data.
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"

EFFORTS = {
    "none": "none",
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "max",
    "xhigh": "max",
    "ultra": "max",
}
EFFORT_CHOICES = (
    '"minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none"'
)


class OpenAIDialect(Dialect):
    """The common part of these endpoints' dialects."""

    stream_mimetype = sse.MIMETYPE
    content_type = "application/json"

    def error(self, error: CerellamaError) -> dict[str, Any]:
        kind = ERROR_TYPES.get(error.status, DEFAULT_ERROR_TYPE)
        fields = {"message": error.message, "type": kind, "param": None, "code": None}
        return {"error": fields}

    def encode(self, body: Body) -> bytes:
        return json_codec.encode(body) + b"\n"

    def frame(self, event: dict[str, Any]) -> bytes:
        return frame_event(event)


def frame_event(event: dict[str, Any]) -> bytes:
    """Return an event without a name as bytes."""
    return sse.encode(json_codec.encode(event))


# Requests


def reasoning_effort(body: Body) -> str | None:
    """Return the effort in the upstream's words; None leaves it to the model.

    The object `reasoning` takes precedence over `reasoning_effort` even without effort.
    """
    if body.get("reasoning") is not None:
        effort = body["reasoning"].get("effort")
    else:
        effort = body.get("reasoning_effort")
    if not effort:
        return None
    if effort not in EFFORTS:
        quoted = json_codec.encode(effort).decode()
        raise InvalidRequest(
            f"invalid reasoning value: {quoted} (must be {EFFORT_CHOICES})"
        )
    return EFFORTS[effort]


def response_format(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the response format for the upstream, checked as Ollama checks it."""
    kind = str(fields.get("type", "")).strip().lower()
    if kind == "json_object":
        return {"type": kind}
    json_schema = fields.get("json_schema") if kind == "json_schema" else None
    schema = json_schema.get("schema") if isinstance(json_schema, dict) else None
    if schema is None or schema == "":
        return None
    if not isinstance(schema, dict):
        raise InvalidRequest(
            f"invalid format: {json_codec.quoted(schema)}; "
            'expected "json" or a valid JSON Schema object'
        )
    return {"type": kind, "json_schema": json_schema}


def stop_texts(stop: Any) -> list[str] | None:
    """Return the stop sequences of a text or list, None if there are none."""
    stops = stop if isinstance(stop, list) else [stop]
    return [text for text in stops if isinstance(text, str) and text] or None


def arguments_text(text: str) -> str:
    """Return the arguments of a tool call as the client wrote them: a JSON object."""
    try:
        arguments = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidRequest("invalid tool call arguments") from None
    if arguments is None:
        return "{}"
    if not isinstance(arguments, dict):
        raise InvalidRequest("invalid tool call arguments")
    return text


# Replies


def model_object(name: str, model: Listed) -> dict[str, Any]:
    """Return the object of `/v1/models` that describes a model, under a name."""
    return {
        "id": name,
        "object": "model",
        "created": model.modified_us // 1_000_000,
        "owned_by": "library",  # Ollama's namespace of models without one
    }


def reply_head(context: ReplyContext, reply_id: str, kind: str) -> dict[str, Any]:
    """Return the first fields of a reply or of a chunk of it."""
    return {
        "id": reply_id,
        "object": kind,
        "created": context.started_ns // NS_PER_S,
        "model": context.name,
        "system_fingerprint": "fp_ollama",
    }


def wants_usage(body: Body) -> bool:
    """Return whether the client wants the usage at the end of a stream."""
    return bool((body.get("stream_options") or {}).get("include_usage"))


def logprob_entries(run: TextRun) -> Sequence[Mapping[str, Any]]:
    """Return the logprobs of a run, an entry per token."""
    return (run.logprobs or {}).get("content") or ()
