"""`/v1/chat/completions`: most fields are passed on unchanged."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.models import Model
from app.translate.dialect import Body, ReplyContext, debug_info
from app.translate.messages import function
from app.translate.openai import content
from app.translate.openai.chat_reply import ID_PREFIX, ROLE, ChatWriter
from app.translate.openai.dialect import (
    OpenAIDialect,
    arguments_text,
    reasoning_effort,
    reply_head,
    response_format,
    stop_texts,
)
from app.wire.json_codec import without_empty, without_none

# Absent fields stay absent: the upstream's defaults are Ollama's here, and a derived
# model may set them.
SAMPLING = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")
TOOL_CHOICES = frozenset({"none", "auto", "required"})


class OpenAIChat(OpenAIDialect):
    """A conversation."""

    def needs(self, body: Body) -> Mapping[str, bool]:
        effort = reasoning_effort(body) or "none"
        return {"thinking": effort != "none", "tools": bool(body.get("tools"))}

    def images(self, body: Body) -> Iterator[str]:
        return content.find_images(body.get("messages") or ())

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        request = {
            "messages": [_message(message) for message in body.get("messages") or ()],
            **{key: body[key] for key in SAMPLING if body.get(key) is not None},
            **_tools(body),
            **_logprobs(body),
            "max_completion_tokens": _max_tokens(body),
            "stop": stop_texts(body.get("stop")),
            "reasoning_effort": reasoning_effort(body),
            "response_format": response_format(body.get("response_format") or {}),
            "prediction": _prediction(body.get("prediction") or {}),
        }
        return without_none(request)

    def shows_thinking(self, body: Body) -> bool:
        return reasoning_effort(body) != "none"

    def writer(self, context: ReplyContext) -> ChatWriter:
        return ChatWriter(context)

    def debug_reply(self, request: Body, context: ReplyContext) -> dict[str, Any]:
        message = {**ROLE, "content": ""}
        choice = {"index": 0, "message": message, "finish_reason": None}
        head = reply_head(context, context.reply_id(ID_PREFIX), "chat.completion")
        return {**head, "choices": [choice], "_debug_info": debug_info(request)}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role = message.get("role") or ""
    fields = ROLE_FIELDS[role](message) if role in ROLE_FIELDS else {}
    converted = content.convert_content(message)
    return {"role": role, "content": converted, **without_empty(**fields)}


def _assistant_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    calls = [_tool_call(call) for call in message.get("tool_calls") or ()]
    return {"reasoning": message.get("reasoning"), "tool_calls": calls}


def _tool_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: message.get(key) for key in ("tool_call_id", "name")}


ROLE_FIELDS = {"assistant": _assistant_fields, "tool": _tool_fields}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    called = call.get("function") or {}
    arguments = arguments_text(called.get("arguments") or "{}")
    converted = function(called.get("name") or "", arguments=arguments)
    return {**without_empty(id=call.get("id")), **converted}


def _tools(body: Body) -> dict[str, Any]:
    """Return the tools, and the fields that are only valid with tools."""
    tools = [tool for tool in body.get("tools") or () if tool.get("function")]
    if not tools:
        return {}
    return {
        "tools": tools,
        "tool_choice": _tool_choice(body.get("tool_choice")),
        "parallel_tool_calls": body.get("parallel_tool_calls"),
    }


def _tool_choice(choice: Any) -> Any:
    if isinstance(choice, str):
        return choice if choice in TOOL_CHOICES else None
    chosen = choice.get("function") if isinstance(choice, dict) else None
    name = chosen.get("name") if isinstance(chosen, dict) else None
    return function(name) if isinstance(name, str) else None


def _logprobs(body: Body) -> dict[str, Any]:
    if not body.get("logprobs"):
        return {}
    return {"logprobs": True, "top_logprobs": body.get("top_logprobs") or None}


def _max_tokens(body: Body) -> int | None:
    """Return the limit; below one there is none, as in Ollama."""
    limit: int | None = body.get("max_completion_tokens")
    if limit is None:
        limit = body.get("max_tokens")  # the older name
    return limit if limit and limit > 0 else None


def _prediction(prediction: Mapping[str, Any]) -> dict[str, Any] | None:
    if prediction.get("type") != "content" or not prediction.get("content"):
        return None
    return {key: prediction[key] for key in ("type", "content")}
