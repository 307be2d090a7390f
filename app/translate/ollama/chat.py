"""`/api/chat`: a native conversation to the upstream form, and its answer back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import InvalidRequest
from app.translate import images
from app.translate.debug import debug_info
from app.translate.dialect import Event, ReplyContext
from app.translate.messages import ROLES
from app.translate.ollama.lines import Line, answer, form, given
from app.translate.ollama.options import sampling, to_sampling
from app.translate.ollama.reply import Reply
from app.wire import json_codec
from app.wire.completion import Chunk


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request in the upstream form, without its model."""
    messages = [_message(message) for message in body.get("messages") or ()]
    tools = [_tool(tool) for tool in body.get("tools") or ()]
    return {"messages": messages, **given(tools=tools), **sampling(body)}


def ignored(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What a request asks for that the upstream has not; for the log."""
    return to_sampling(body.get("options") or {})[1]


def pictures(body: Mapping[str, Any]) -> Iterator[str]:
    """All pictures of a request, in base64."""
    for message in body.get("messages") or ():
        yield from message.get("images") or ()


def content_of(text: str, encoded: Sequence[str]) -> str | list[dict[str, Any]]:
    """A text, or the parts of one with pictures."""
    if not encoded:
        return text
    told = [{"type": "text", "text": text}] if text else []
    shown = [{"url": images.data_uri(picture)} for picture in encoded]
    return [*told, *({"type": "image_url", "image_url": url} for url in shown)]


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role = message.get("role")
    content = content_of(message.get("content") or "", message.get("images") or ())
    extras = EXTRAS[role](message) if role in EXTRAS else {}
    return {"role": role if role in ROLES else "user", "content": content, **extras}


def _assistant(message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("images"):
        raise InvalidRequest("messages of an assistant cannot have images")
    calls = [_tool_call(call) for call in message.get("tool_calls") or ()]
    return given(reasoning=message.get("thinking"), tool_calls=calls)


def _tool_result(message: Mapping[str, Any]) -> dict[str, Any]:
    name = message.get("tool_name") or message.get("name")
    return given(tool_call_id=message.get("tool_call_id"), name=name)


EXTRAS = {"assistant": _assistant, "tool": _tool_result}


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    arguments = json_codec.encode(function.get("arguments") or {}).decode()
    called = {"name": function.get("name") or "", "arguments": arguments}
    return {**given(id=call.get("id")), "type": "function", "function": called}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool.get("function") or {}
    described = {
        "name": function.get("name") or "",
        **given(description=function.get("description")),
        "parameters": function.get("parameters") or {},
    }
    return {"type": "function", "function": described}


def _spell(line: Line) -> dict[str, Any]:
    said = given(thinking=line.thinking, tool_calls=line.tool_calls)
    message = {"role": "assistant", "content": line.content, **said}
    logprobs = given(logprobs=line.logprobs)
    return {"message": message, **line.state, **logprobs, **line.measures}


FORM = form(_spell)


def from_chunks(
    batches: Iterable[Sequence[Chunk]], context: ReplyContext
) -> Iterator[list[Event]]:
    """The lines of a streamed answer, one list per read."""
    return Reply(FORM, context).stream(batches)


def from_completion(completion: Chunk, context: ReplyContext) -> dict[str, Any]:
    return Reply(FORM, context).fold([[completion]])


def idle_reply(context: ReplyContext, reason: str) -> dict[str, Any]:
    """The answer to a request without messages: `reason` is "load" or "unload"."""
    state = {"done": True, "done_reason": reason}
    return answer(context, _spell(Line(state=state)))


def debug_reply(request: Mapping[str, Any], context: ReplyContext) -> dict[str, Any]:
    """What would be asked instead of an answer, for `_debug_render_only`."""
    fields = {"message": {"role": "", "content": ""}, "done": False}
    return answer(context, {**fields, "_debug_info": debug_info(request)})
