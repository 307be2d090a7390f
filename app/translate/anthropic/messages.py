"""`/v1/messages`: conversations of content blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import ConversationNotFound, InvalidRequest
from app.translate.anthropic import content, tools
from app.translate.anthropic.reply import Reply
from app.translate.anthropic.thinking import reasoning_effort
from app.translate.dialect import Event, ReplyContext
from app.wire.completion import Chunk

NO_MESSAGES = "messages is required"
NO_THREADS = "this server keeps no threads: send the whole conversation"
SAMPLING = ("temperature", "top_p")


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request in the upstream form, without its model."""
    request = {
        "messages": _messages(body),
        **{key: body[key] for key in SAMPLING if body.get(key) is not None},
        **tools.to_upstream(body),
        "max_completion_tokens": body["max_tokens"],
        "stop": [stop for stop in body.get("stop_sequences") or () if stop] or None,
        "reasoning_effort": reasoning_effort(body),
        "response_format": _response_format(body),
    }
    return {key: value for key, value in request.items() if value is not None}


def pictures(body: Mapping[str, Any]) -> Iterator[str]:
    """All pictures of a request, in base64."""
    return content.pictures(body.get("messages") or ())


def from_chunks(
    batches: Iterable[Sequence[Chunk]], context: ReplyContext
) -> Iterator[list[Event]]:
    """The events of a streamed answer, one list per read."""
    return Reply(context).stream(batches)


def from_completion(completion: Chunk, context: ReplyContext) -> dict[str, Any]:
    return Reply(context).fold([[completion]])


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that was said; without the start of it the model would guess it."""
    if (body.get("thread") or {}).get("type") == "continue":
        raise ConversationNotFound(NO_THREADS)
    said = [
        told for message in body["messages"] for told in content.messages_of(message)
    ]
    if not said:
        raise InvalidRequest(NO_MESSAGES)
    system = content.text_of(body.get("system"))
    return [{"role": "system", "content": system}, *said] if system else said


def _response_format(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """A schema that is none is ignored, as Ollama ignores all of them."""
    given = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if not isinstance(given, dict) or given.get("type") != "json_schema":
        return None
    described = {"schema": given.get("schema")}
    known = isinstance(described["schema"], dict)
    return {"type": "json_schema", "json_schema": described} if known else None
