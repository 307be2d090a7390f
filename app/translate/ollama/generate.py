"""`/api/generate`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.domain.models import Model
from app.domain.presets import Preset
from app.errors import InvalidRequest
from app.translate import derived
from app.translate.dialect import Body, ReplyContext, debug_info
from app.translate.messages import text_of
from app.translate.ollama import template
from app.translate.ollama.context import decode_context
from app.translate.ollama.dialect import OllamaDialect
from app.translate.ollama.reply import Line, LineFormat, LineWriter, with_header
from app.translate.ollama.request import (
    content_of,
    generation_parameters,
    options_to_upstream,
)
from app.wire.json_codec import without_empty

Message = Mapping[str, Any]

REFUSED_IF_RAW = ("template", "system", "context")
IGNORED_IF_RAW = ("format", "think")


def _line_fields(line: Line) -> dict[str, Any]:
    return {
        "response": line.content,
        **without_empty(thinking=line.thinking),
        **line.state,
        **without_empty(context=line.context),
        **line.measures,
        **without_empty(tool_calls=line.tool_calls, logprobs=line.logprobs),
    }


class OllamaGenerate(OllamaDialect):
    """A prompt, continued.

    `context` in a reply carries the conversation on to the next request. A prompt in
    raw mode goes to the upstream's completions endpoint, without a conversation.
    """

    model_required = False
    replies_with_history = True
    line_format = LineFormat(_line_fields)

    def check(self, body: Body) -> None:
        if body.get("raw") and any(body.get(name) for name in REFUSED_IF_RAW):
            raise InvalidRequest(
                "raw mode does not support template, system, or context"
            )

    def is_empty(self, body: Body) -> bool:
        return not body.get("prompt")

    def images(self, body: Body) -> Iterator[str]:
        return iter(body.get("images") or ())

    def to_upstream(self, body: Body, model: Model) -> dict[str, Any]:
        if body.get("raw"):
            return _raw_request(body)
        return _chat_request(body)

    def ignored(self, body: Body) -> tuple[str, ...]:
        names = super().ignored(body)
        if body.get("raw"):
            return names + tuple(name for name in IGNORED_IF_RAW if body.get(name))
        if body.get("template") and _rendered(body) is None:
            names += ("template",)
        if body.get("context") and decode_context(body["context"]) is None:
            names += ("context",)
        return names

    def inherit(self, preset: Preset, body: Body) -> Body:
        return derived.complete(preset, body)

    def apply_preset(self, preset: Preset, request: Body, body: Body) -> dict[str, Any]:
        return derived.apply_to_prompt(preset, request, body)

    def writer(self, context: ReplyContext) -> LineWriter:
        history = conversation_texts(context.request)
        return LineWriter(self.line_format, context, history)

    def debug_reply(self, request: Body, context: ReplyContext) -> dict[str, Any]:
        fields = {"response": "", "done": False, "_debug_info": debug_info(request)}
        return with_header(context, fields)


def conversation_texts(request: Body) -> list[dict[str, str]] | None:
    """Return the text of each message sent, or None for a raw prompt."""
    if "messages" not in request:
        return None
    return [
        {"role": message["role"], "content": text_of(message["content"])}
        for message in request["messages"]
    ]


def _chat_request(body: Body) -> dict[str, Any]:
    text = _rendered(body)
    prompt = text if text is not None else body.get("prompt") or ""
    content = content_of(prompt, body.get("images") or ())
    earlier = decode_context(body.get("context") or ()) or []
    messages = _with_system(earlier, _system(body, is_rendered=text is not None))
    messages.append({"role": "user", "content": content})
    return {"messages": messages, **generation_parameters(body)}


def _raw_request(body: Body) -> dict[str, Any]:
    if body.get("images"):
        raise InvalidRequest("raw mode does not support images")
    parameters = options_to_upstream(body.get("options") or {})
    cap = parameters.pop("max_completion_tokens", None)
    prompt = body.get("prompt") or ""
    request = {"prompt": prompt, **without_empty(max_tokens=cap), **parameters}
    if body.get("logprobs"):
        request["logprobs"] = body.get("top_logprobs") or 0
    return request


def _rendered(body: Body) -> str | None:
    """Return the prompt in the body's template.

    Return None if the body has no template, or one that cannot be applied.
    """
    if not body.get("template"):
        return None
    system, prompt = body.get("system") or "", body.get("prompt") or ""
    return template.render(body["template"], system, prompt)


def _system(body: Body, *, is_rendered: bool) -> str:
    """Return the system text, unless the rendered template contains it."""
    if is_rendered and template.names_system(body["template"]):
        return ""
    return body.get("system") or ""


def _with_system(messages: Sequence[Message], text: str) -> list[dict[str, Any]]:
    """Return the messages, begun with a new system text if there is one."""
    has_system = bool(messages) and messages[0]["role"] == "system"
    system = [{"role": "system", "content": text}] if text else messages[:has_system]
    return [*map(dict, system), *map(dict, messages[has_system:])]
