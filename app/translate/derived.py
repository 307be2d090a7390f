"""Apply a derived model's preset to a request in the upstream form.

The preset is applied after translation, so that it works in every dialect. What the
request itself contains wins, by Ollama's precedence.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.domain.presets import Preset
from app.translate.messages import INSTRUCTING, parts_of, text_of, text_part
from app.translate.ollama.request import message_to_upstream, options_to_upstream
from app.translate.ollama.template import PROMPT_MARK, frame_of
from app.wire.json_codec import without_none

Body = Mapping[str, Any]
Messages = Sequence[Mapping[str, Any]]


def options(preset: Preset, requested: Body) -> dict[str, Any]:
    """Return the preset's options, overridden by those of the request."""
    return {**preset.parameters, **without_none(requested)}


def apply(preset: Preset, request: Body, body: Body) -> dict[str, Any]:
    """Return a conversation or a raw prompt with the preset applied.

    `body` is the request before translation: an option that a native request sets to
    its neutral value is missing in the upstream form, but still overrides the preset.
    """
    applied = {**_parameters(preset, request, body), **request}
    if "messages" not in request:
        return applied
    messages = request["messages"]
    has_system = bool(messages) and messages[0]["role"] in INSTRUCTING
    conversation = [*_first_messages(preset), *_framed(preset, messages)]
    if preset.system and not has_system:
        conversation.insert(0, {"role": "system", "content": preset.system})
    return {**applied, "messages": conversation}


def complete(preset: Preset, body: Body) -> dict[str, Any]:
    """Return a generate request's body with the preset's system text if it has none."""
    if body.get("raw") or body.get("system") or not preset.system:
        return dict(body)
    return {**body, "system": preset.system}


def apply_to_prompt(preset: Preset, request: Body, body: Body) -> dict[str, Any]:
    """Return a generate request with the preset applied; see `complete` for its system.

    The messages of a `context` had the preset applied by an earlier request: only the
    last message, the prompt, is new.
    """
    applied = {**_parameters(preset, request, body), **request}
    if "messages" not in request:
        return applied
    *earlier, prompt = request["messages"]
    if not body.get("template"):
        [prompt] = _framed(preset, [prompt])
    if body.get("context") is None:
        earlier = [*earlier, *_first_messages(preset)]
    return {**applied, "messages": [*earlier, prompt]}


def _parameters(preset: Preset, request: Body, body: Body) -> dict[str, Any]:
    requested = body.get("options") or {}
    inherited = {
        name: value
        for name, value in preset.parameters.items()
        if requested.get(name) is None
    }
    parameters = options_to_upstream(inherited)
    if "max_tokens" in request:  # the older name of the same limit
        parameters.pop("max_completion_tokens", None)
    return parameters


@lru_cache(maxsize=16)  # a preset can hold a megabyte
def _first_messages(preset: Preset) -> Messages:
    """Return the messages that every conversation with the derived model begins with.

    Callers must not change them: they are translated once per preset.
    """
    return _framed(preset, [message_to_upstream(each) for each in preset.messages])


def _framed(preset: Preset, messages: Messages) -> Messages:
    """Return the messages with the preset's template around the users' texts."""
    frame = frame_of(preset.template)
    if frame is None or frame == PROMPT_MARK:
        return messages
    return [
        {**message, "content": _put_into(frame, message["content"])}
        if message["role"] == "user"
        else message
        for message in messages
    ]


def _put_into(frame: str, content: Any) -> Any:
    text = frame.replace(PROMPT_MARK, text_of(content))
    if isinstance(content, str):
        return text
    images = [part for part in parts_of(content) if part["type"] != "text"]
    return [text_part(text), *images]
