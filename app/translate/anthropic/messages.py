"""`/v1/messages`: conversations of content blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.domain.models import Model
from app.errors import ConversationNotFound, InvalidRequest
from app.translate.anthropic import content, tools
from app.translate.anthropic.count import input_tokens
from app.translate.anthropic.dialect import AnthropicDialect
from app.translate.anthropic.reply import Reply
from app.translate.anthropic.thinking import is_shown, reasoning_effort
from app.translate.dialect import Body, EventStream, ReplyContext
from app.wire.completion import Chunk

NO_MESSAGES = "messages is required"
NO_THREADS = "this server keeps no threads: send the whole conversation"
SAMPLING = ("temperature", "top_p")


class AnthropicMessages(AnthropicDialect):
    """`/v1/messages`."""

    def needs(self, body: Body) -> Mapping[str, bool]:
        return {"tools": bool(tools.to_upstream(body).get("tools"))}

    def images(self, body: Body) -> Iterator[str]:
        return content.pictures(body.get("messages") or ())

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        """Return the request in the upstream form.

        Clients ask for as many tokens as Claude can write: the model may write fewer.
        """
        request = {
            "messages": _messages(body),
            **{key: body[key] for key in SAMPLING if body.get(key) is not None},
            **tools.to_upstream(body),
            "max_completion_tokens": min(body["max_tokens"], model.max_output),
            "stop": [stop for stop in body.get("stop_sequences") or () if stop] or None,
            "reasoning_effort": reasoning_effort(body),
            "response_format": _response_format(body),
        }
        return {key: value for key, value in request.items() if value is not None}

    def ignored(self, body: Body) -> Sequence[str]:
        return tools.left_out(body)

    def shows_thinking(self, body: Body) -> bool:
        return is_shown(body)

    def prompt_tokens(self, body: Body, body_bytes: int) -> int:
        return input_tokens(body)

    def reply(self, completion: Chunk, context: ReplyContext) -> dict[str, Any]:
        return Reply(context).fold([[completion]])

    def stream(
        self, batches: Iterable[Sequence[Chunk]], context: ReplyContext
    ) -> EventStream:
        return EventStream(Reply(context).stream(batches), self.error)


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
