"""`/v1/responses`: items in, items out; nothing is kept between two requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from app.domain.models import Model
from app.translate.dialect import Body, EventStream, ReplyContext
from app.translate.openai.dialect import OpenAIDialect, reasoning_effort
from app.translate.openai.responses import request, tools
from app.translate.openai.responses.reply import Reply, encode
from app.wire.completion import Chunk


class OpenAIResponses(OpenAIDialect):
    """`/v1/responses`."""

    stream_headers: ClassVar[Mapping[str, str]] = {"Cache-Control": "no-cache"}

    def check(self, body: Body) -> None:
        request.check(body)

    def needs(self, body: Body) -> Mapping[str, bool]:
        effort = reasoning_effort(body) or "none"
        offered = tools.to_upstream(body).get("tools")
        return {"thinking": effort != "none", "tools": bool(offered)}

    def images(self, body: Body) -> Iterator[str]:
        return request.pictures(body)

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        return request.to_upstream(body)

    def ignored(self, body: Body) -> Sequence[str]:
        return request.ignored(body)

    def shows_thinking(self, body: Body) -> bool:
        return reasoning_effort(body) != "none"

    def reply(self, completion: Chunk, context: ReplyContext) -> dict[str, Any]:
        return Reply(context, context.body).fold([[completion]])

    def stream(
        self, batches: Iterable[Sequence[Chunk]], context: ReplyContext
    ) -> EventStream:
        reply = Reply(context, context.body)
        return EventStream(reply.stream(batches), reply.failed)

    def frame(self, event: dict[str, Any]) -> bytes:
        return encode(event)
