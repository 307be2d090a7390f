"""`/api/chat`."""

from collections.abc import Iterator
from typing import Any

from app.domain.models import Model
from app.translate.dialect import Body, ReplyContext, debug_info
from app.translate.ollama.dialect import OllamaDialect
from app.translate.ollama.reply import Line, LineFormat, with_header
from app.translate.ollama.request import (
    generation_parameters,
    message_to_upstream,
    tool_to_upstream,
)
from app.wire.json_codec import without_empty


def _line_fields(line: Line) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "content": line.content,
        **without_empty(thinking=line.thinking, tool_calls=line.tool_calls),
    }
    logprobs = without_empty(logprobs=line.logprobs)
    return {"message": message, **line.state, **logprobs, **line.measures}


class OllamaChat(OllamaDialect):
    """A conversation."""

    line_format = LineFormat(_line_fields)

    def is_empty(self, body: Body) -> bool:
        return not body.get("messages")

    def images(self, body: Body) -> Iterator[str]:
        for message in body.get("messages") or ():
            yield from message.get("images") or ()

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        messages = [message_to_upstream(each) for each in body.get("messages") or ()]
        tools = [tool_to_upstream(tool) for tool in body.get("tools") or ()]
        return {
            "messages": messages,
            **without_empty(tools=tools),
            **generation_parameters(body),
        }

    def debug_reply(self, request: Body, context: ReplyContext) -> dict[str, Any]:
        fields = {"message": {"role": "", "content": ""}, "done": False}
        return with_header(context, {**fields, "_debug_info": debug_info(request)})
