"""`/v1/responses`: conversations of items. Responses are not stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from app.domain.models import Model
from app.errors import InvalidRequest
from app.translate.dialect import Body, EventStream, ReplyContext
from app.translate.openai.dialect import (
    OpenAIDialect,
    reasoning_effort,
    response_format,
)
from app.translate.openai.responses import items, tools
from app.translate.openai.responses.reply import ResponseWriter
from app.wire import json_codec, sse
from app.wire.completion import Chunk
from app.wire.json_codec import without_none

SAMPLING = ("temperature", "top_p")
NOT_STORED = (
    "previous_response_id is not supported: responses are not stored, "
    "send the whole conversation in input"
)


class OpenAIResponses(OpenAIDialect):
    """Input items, answered with output items."""

    stream_headers: ClassVar[Mapping[str, str]] = {"Cache-Control": "no-cache"}

    def check(self, body: Body) -> None:
        if body.get("previous_response_id"):
            raise InvalidRequest(NOT_STORED)

    def needs(self, body: Body) -> Mapping[str, bool]:
        effort = reasoning_effort(body) or "none"
        return {"thinking": effort != "none", "tools": bool(tools.offered(body))}

    def images(self, body: Body) -> Iterator[str]:
        for item in _input_items(body):
            if isinstance(item, dict):
                yield from items.find_images([item.get("content"), item.get("output")])

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        max_tokens = body.get("max_output_tokens") or 0
        request = {
            "messages": _messages(body),
            **{key: body[key] for key in SAMPLING if body.get(key) is not None},
            **tools.to_upstream(body),
            "max_completion_tokens": max_tokens if max_tokens > 0 else None,
            "reasoning_effort": reasoning_effort(body),
            "response_format": _response_format(body),
        }
        return without_none(request)

    def ignored(self, body: Body) -> Sequence[str]:
        return sorted({*tools.hosted(body), *items.left_out(_input_items(body))})

    def shows_thinking(self, body: Body) -> bool:
        return reasoning_effort(body) != "none"

    def writer(self, context: ReplyContext) -> ResponseWriter:
        return ResponseWriter(context)

    def stream(
        self, batches: Iterable[Sequence[Chunk]], context: ReplyContext
    ) -> EventStream:
        writer = self.writer(context)
        return EventStream(writer.stream(batches), writer.error_event)

    def frame(self, event: dict[str, Any]) -> bytes:
        """Return an event as bytes, named after its type."""
        return sse.encode(json_codec.encode(event), event["type"])


def _messages(body: Body) -> list[dict[str, Any]]:
    instructions = body.get("instructions")
    system = [{"role": "system", "content": instructions}] if instructions else []
    return system + items.convert_items(_input_items(body))


def _input_items(body: Body) -> list[Any]:
    """Return the items of the input; a text is a message of the user."""
    value = body.get("input") or []
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


def _response_format(body: Body) -> dict[str, Any] | None:
    """Return the response format, which has one level less than in chat completions."""
    output = (body.get("text") or {}).get("format") or {}
    json_schema = {key: value for key, value in output.items() if key != "type"}
    return response_format({"type": output.get("type", ""), "json_schema": json_schema})
