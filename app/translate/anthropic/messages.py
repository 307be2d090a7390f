"""`/v1/messages`: conversations whose messages consist of content blocks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.domain.models import Model
from app.errors import ConversationNotFound, InvalidRequest
from app.translate.anthropic import content, tools
from app.translate.anthropic.dialect import AnthropicDialect
from app.translate.anthropic.reply import MessageWriter
from app.translate.dialect import Body, ReplyContext
from app.wire import json_codec
from app.wire.json_codec import without_none
from app.wire.token_estimate import BYTES_PER_TOKEN

NO_MESSAGES = "messages is required"
NO_THREADS = "this server keeps no threads: send the whole conversation"
SAMPLING = ("temperature", "top_p")

EFFORTS = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "max",
}
# The largest thinking budget of each effort; the upstream takes no budgets.
BUDGETS = ((4_096, "low"), (16_384, "medium"))
LARGE_BUDGET = "high"

UNCOUNTED_BLOCKS = frozenset({"image", "document"})
TEXT_BLOCKS = frozenset({"text", "thinking"})  # the text's key is the block's type


class AnthropicMessages(AnthropicDialect):
    """A conversation."""

    def needs(self, body: Body) -> Mapping[str, bool]:
        return {"tools": bool(tools.to_upstream(body).get("tools"))}

    def images(self, body: Body) -> Iterator[str]:
        return content.find_images(body.get("messages") or ())

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        """Return the request in the upstream form.

        Clients ask for as many tokens as Claude can write; other models write fewer.
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
        return without_none(request)

    def ignored(self, body: Body) -> Sequence[str]:
        return tools.left_out(body)

    def shows_thinking(self, body: Body) -> bool:
        is_omitted = (body.get("thinking") or {}).get("display") == "omitted"
        return not is_omitted and reasoning_effort(body) != "none"

    def prompt_tokens(self, body: Body, body_bytes: int) -> int:
        return input_tokens(body)

    def writer(self, context: ReplyContext) -> MessageWriter:
        return MessageWriter(context)


def _messages(body: Body) -> list[dict[str, Any]]:
    if (body.get("thread") or {}).get("type") == "continue":
        raise ConversationNotFound(NO_THREADS)
    messages = [
        converted
        for message in body["messages"]
        for converted in content.convert_message(message)
    ]
    if not messages:
        raise InvalidRequest(NO_MESSAGES)
    system = content.system_text(body.get("system"))
    return [{"role": "system", "content": system}, *messages] if system else messages


def _response_format(body: Body) -> dict[str, Any] | None:
    """Return the response format; ignore invalid ones, since Ollama ignores all."""
    config = body.get("output_config") or {}
    output = config.get("format") or body.get("output_format")
    if not isinstance(output, dict) or output.get("type") != "json_schema":
        return None
    if not isinstance(output.get("schema"), dict):
        return None
    return {"type": "json_schema", "json_schema": {"schema": output["schema"]}}


def reasoning_effort(body: Body) -> str | None:
    """Return the effort in the upstream's words; None leaves it to the model.

    A thinking budget takes precedence over an effort; unknown efforts are ignored.
    """
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "disabled":
        return "none"
    budget = thinking.get("budget_tokens")
    if thinking.get("type") == "enabled" and isinstance(budget, int | float):
        efforts = (effort for most, effort in BUDGETS if budget <= most)
        return next(efforts, LARGE_BUDGET)
    effort = (body.get("output_config") or {}).get("effort")
    return EFFORTS.get(effort.strip().lower()) if isinstance(effort, str) else None


def input_tokens(body: Body) -> int:
    """Return Ollama's estimate of the prompt's tokens, at least 1; images count 0."""
    size = len(content.system_text(body.get("system")).encode())
    for message in body.get("messages") or ():
        size += len((message.get("role") or "").encode())
        size += _text_size(content.blocks_of(message.get("content")))
    size += sum(len(json_codec.encode(tool)) for tool in body.get("tools") or ())
    return max(size // BYTES_PER_TOKEN, 1)


def _text_size(blocks: Iterable[content.Block]) -> int:
    """Return the size of the blocks' text in bytes."""
    size = 0
    for block in blocks:
        kind = block["type"]
        if kind in UNCOUNTED_BLOCKS:
            continue
        if kind in TEXT_BLOCKS:
            size += len(str(block.get(kind) or "").encode())
        elif content.is_result(block):
            size += _text_size(content.blocks_of(block.get("content")))
        else:
            size += len(json_codec.encode(block))
    return size
