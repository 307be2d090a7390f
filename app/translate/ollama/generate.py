"""`/api/generate`: a native prompt to the upstream form, and its answer back.

`context` carries the conversation from one request to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import InvalidRequest
from app.translate.debug import debug_info
from app.translate.dialect import Event, ReplyContext
from app.translate.messages import text_of
from app.translate.ollama import template
from app.translate.ollama.context import decode_context, encode_context
from app.translate.ollama.lines import Line, answer, form, given
from app.translate.ollama.messages import content_of
from app.translate.ollama.options import sampling, to_sampling
from app.translate.ollama.reply import Reply
from app.wire.completion import Chunk

Message = Mapping[str, Any]

RAW_IGNORED = ("format", "think")


def to_upstream(body: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request in the upstream form, without its model."""
    if body.get("raw"):
        return _to_raw(body)
    text = _rendered(body)
    prompt = text if text is not None else body.get("prompt") or ""
    content = content_of(prompt, body.get("images") or ())
    earlier = decode_context(body.get("context") or ()) or []
    messages = _with_system(earlier, _system(body, applied=text is not None))
    messages.append({"role": "user", "content": content})
    return {"messages": messages, **sampling(body)}


def ignored(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What a request asks for that cannot be honoured; for the log."""
    _, names = to_sampling(body.get("options") or {})
    if body.get("raw"):
        return names + tuple(name for name in RAW_IGNORED if body.get(name))
    if body.get("template") and _rendered(body) is None:
        names += ("template",)
    if body.get("context") and decode_context(body["context"]) is None:
        names += ("context",)
    return names


def pictures(body: Mapping[str, Any]) -> Iterator[str]:
    """All pictures of a request, in base64."""
    return iter(body.get("images") or ())


def history(request: Mapping[str, Any]) -> list[dict[str, str]] | None:
    """The text of what is asked, for the next `context`; a raw prompt has none."""
    if "prompt" in request:
        return None
    return [
        {"role": message["role"], "content": text_of(message["content"])}
        for message in request["messages"]
    ]


def _to_raw(body: Mapping[str, Any]) -> dict[str, Any]:
    if body.get("images"):
        raise InvalidRequest("raw mode does not support images")
    parameters, _ = to_sampling(body.get("options") or {})
    cap = parameters.pop("max_completion_tokens", None)
    request = {
        "prompt": body.get("prompt") or "",
        **given(max_tokens=cap),
        **parameters,
    }
    if body.get("logprobs"):
        request["logprobs"] = body.get("top_logprobs") or 0
    return request


def _rendered(body: Mapping[str, Any]) -> str | None:
    """The user's text by the request's own template, if it has one that applies."""
    if not body.get("template"):
        return None
    system, prompt = body.get("system") or "", body.get("prompt") or ""
    return template.render(body["template"], system, prompt)


def _system(body: Mapping[str, Any], *, applied: bool) -> str:
    """The system text, unless the applied template has made it the user's."""
    if applied and template.names_system(body["template"]):
        return ""
    return body.get("system") or ""


def _with_system(messages: Sequence[Message], text: str) -> list[dict[str, Any]]:
    """A newer system text takes the place of the one the conversation began with."""
    begins_so = bool(messages) and messages[0]["role"] == "system"
    system = [{"role": "system", "content": text}] if text else messages[:begins_so]
    return [*map(dict, system), *map(dict, messages[begins_so:])]


def _spell(line: Line) -> dict[str, Any]:
    return {
        "response": line.content,
        **given(thinking=line.thinking),
        **line.state,
        **given(context=line.context),
        **line.measures,
        **given(tool_calls=line.tool_calls, logprobs=line.logprobs),
    }


FORM = form(_spell)


def from_chunks(
    batches: Iterable[Sequence[Chunk]],
    context: ReplyContext,
    history: Sequence[Mapping[str, str]] | None,
) -> Iterator[list[Event]]:
    """The lines of a streamed answer, one list per read."""
    return _reply(context, history).stream(batches)


def from_completion(
    completion: Chunk,
    context: ReplyContext,
    history: Sequence[Mapping[str, str]] | None,
) -> dict[str, Any]:
    return _reply(context, history).fold([[completion]])


def _reply(context: ReplyContext, history: Sequence[Mapping[str, str]] | None) -> Reply:
    if history is None:
        return Reply(FORM, context)

    def remember(text: str) -> list[int]:
        return encode_context([*history, {"role": "assistant", "content": text}])

    return Reply(FORM, context, remember)


def idle_reply(context: ReplyContext, reason: str) -> dict[str, Any]:
    """The answer to a request without a prompt: `reason` is "load" or "unload"."""
    state = {"done": True, "done_reason": reason}
    return answer(context, _spell(Line(state=state)))


def debug_reply(request: Mapping[str, Any], context: ReplyContext) -> dict[str, Any]:
    """What would be asked instead of an answer, for `_debug_render_only`."""
    fields = {"response": "", "done": False}
    return answer(context, {**fields, "_debug_info": debug_info(request)})
