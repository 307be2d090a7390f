"""`/api/chat`: a native conversation to the upstream form, and its answer back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.translate.debug import debug_info
from app.translate.dialect import Event, ReplyContext
from app.translate.ollama.lines import Line, answer, form, given
from app.translate.ollama.messages import message_to_upstream
from app.translate.ollama.options import sampling, to_sampling
from app.translate.ollama.reply import Reply
from app.wire.completion import Chunk


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request in the upstream form, without its model."""
    messages = [message_to_upstream(each) for each in body.get("messages") or ()]
    tools = [_tool(tool) for tool in body.get("tools") or ()]
    return {"messages": messages, **given(tools=tools), **sampling(body)}


def ignored(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What a request asks for that the upstream has not; for the log."""
    return to_sampling(body.get("options") or {})[1]


def pictures(body: Mapping[str, Any]) -> Iterator[str]:
    """All pictures of a request, in base64."""
    for message in body.get("messages") or ():
        yield from message.get("images") or ()


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
