"""`/v1/chat/completions`: nearly the identity, by tables of what the upstream knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.translate.debug import debug_info
from app.translate.dialect import Event, ReplyContext
from app.translate.openai import content
from app.translate.openai.arguments import arguments_text
from app.translate.openai.chunks import COMPLETION, ROLE, Chunks
from app.translate.openai.effort import reasoning_effort
from app.translate.openai.form import response_format
from app.translate.openai.reply import Reply
from app.wire.completion import Chunk

# Nothing is put in for what is absent: the upstream's defaults are Ollama's here, and
# what a derived model sets must hold.
SAMPLING = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")
TOOL_CHOICES = frozenset({"none", "auto", "required"})


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request in the upstream form, without its model."""
    request = {
        "messages": [_message(message) for message in body.get("messages") or ()],
        **{key: body[key] for key in SAMPLING if body.get(key) is not None},
        **_tools(body),
        **_logprobs(body),
        "max_completion_tokens": _cap(body),
        "stop": _stops(body.get("stop")),
        "reasoning_effort": reasoning_effort(body),
        "response_format": response_format(body.get("response_format") or {}),
        "prediction": _prediction(body.get("prediction") or {}),
    }
    return {key: value for key, value in request.items() if value is not None}


def pictures(body: Mapping[str, Any]) -> Iterator[str]:
    """All pictures of a request, in base64."""
    return content.pictures(body.get("messages") or ())


def wants_usage(body: Mapping[str, Any]) -> bool:
    """Whether the stream shall end with what it cost."""
    return bool((body.get("stream_options") or {}).get("include_usage"))


def from_chunks(
    batches: Iterable[Sequence[Chunk]],
    context: ReplyContext,
    include_usage: bool = False,
) -> Iterator[list[Event]]:
    """The chunks of a streamed answer, one list per read."""
    return Reply(context).stream(batches, include_usage)


def from_completion(completion: Chunk, context: ReplyContext) -> dict[str, Any]:
    return Reply(context).fold([[completion]])


def debug_reply(request: Mapping[str, Any], context: ReplyContext) -> dict[str, Any]:
    """What would be asked instead of an answer, for `_debug_render_only`."""
    message = {**ROLE, "content": ""}
    choice = {"index": 0, "message": message, "finish_reason": None}
    head = Chunks(context).head(COMPLETION)
    return {**head, "choices": [choice], "_debug_info": debug_info(request)}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role = message.get("role") or ""
    said = {"role": role, "content": content.content_of(message)}
    extras = EXTRAS[role](message) if role in EXTRAS else {}
    return said | {key: value for key, value in extras.items() if value}


def _assistant(message: Mapping[str, Any]) -> dict[str, Any]:
    calls = [_tool_call(call) for call in message.get("tool_calls") or ()]
    return {"reasoning": message.get("reasoning"), "tool_calls": calls}


def _tool_result(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: message.get(key) for key in ("tool_call_id", "name")}


EXTRAS = {"assistant": _assistant, "tool": _tool_result}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    called = {
        "name": function.get("name") or "",
        "arguments": arguments_text(function.get("arguments") or "{}"),
    }
    given_id = {"id": call["id"]} if call.get("id") else {}
    return {**given_id, "type": "function", "function": called}


def _tools(body: Mapping[str, Any]) -> dict[str, Any]:
    """Tools, and what is only valid beside them."""
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
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        return None
    return {"type": "function", "function": {"name": name}}


def _logprobs(body: Mapping[str, Any]) -> dict[str, Any]:
    if not body.get("logprobs"):
        return {}
    return {"logprobs": True, "top_logprobs": body.get("top_logprobs") or None}


def _cap(body: Mapping[str, Any]) -> int | None:
    """`max_tokens` is the older name; below one there is no cap, as in Ollama."""
    newer: int | None = body.get("max_completion_tokens")
    cap = body.get("max_tokens") if newer is None else newer
    return cap if cap and cap > 0 else None


def _stops(stop: Any) -> list[str] | None:
    stops = stop if isinstance(stop, list) else [stop]
    return [text for text in stops if isinstance(text, str) and text] or None


def _prediction(given: Mapping[str, Any]) -> dict[str, Any] | None:
    if given.get("type") != "content" or not given.get("content"):
        return None
    return {key: given[key] for key in ("type", "content")}
