"""Derived models: what one is, and what it does to a request.

Pure. A preset is applied to the upstream form, so that it holds in every dialect; what
a request says itself wins, by Ollama's precedence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.domain.models import Model
from app.domain.presets import Preset
from app.translate.messages import INSTRUCTING, parts_of, text_of
from app.translate.ollama import chat, models, template
from app.translate.ollama.options import to_sampling

Body = Mapping[str, Any]
Messages = Sequence[Mapping[str, Any]]

MARK = "\0"  # where a template's prompt goes


def bare(model: Model) -> Preset:
    """A served model as a preset: what others inherit from it."""
    return Preset(
        base=model.id,
        template=models.template(model),
        parameters=models.parameters(model),
        licenses=(model.license,) if model.license else (),
    )


def options(preset: Preset, given: Body) -> dict[str, Any]:
    """The options that hold: the model's, under those that are given."""
    return {**preset.parameters, **{k: v for k, v in given.items() if v is not None}}


def apply(preset: Preset, request: Body, body: Body) -> dict[str, Any]:
    """A conversation, or a raw prompt, as the derived model takes it.

    A native `body` also tells which options were set to nothing on purpose.
    """
    filled = {**_sampling(preset, request, body), **request}
    if "messages" not in request:
        return filled
    said = request["messages"]
    system = [] if _is_instructed(said) else _system(preset)
    talk = _framed(preset, [*_earlier(preset), *said])
    return {**filled, "messages": [*system, *talk]}


def complete(preset: Preset, body: Body) -> dict[str, Any]:
    """A generate request with the system text that it leaves to the model."""
    if body.get("raw") or body.get("system") or not preset.system:
        return dict(body)
    return {**body, "system": preset.system}


def apply_to_prompt(preset: Preset, request: Body, body: Body) -> dict[str, Any]:
    """A completed generate request as the derived model takes it.

    What `context` brings has been through here before: only the prompt is new.
    """
    filled = {**_sampling(preset, request, body), **request}
    if "messages" not in request:
        return filled
    *before, prompt = request["messages"]
    if not body.get("template"):
        [prompt] = _framed(preset, [prompt])
    if body.get("context") is None:
        before = [*before, *_framed(preset, _earlier(preset))]
    return {**filled, "messages": [*before, prompt]}


@lru_cache(maxsize=256)
def frame_of(text: str) -> str | None:
    """A template's text around MARK; None for one that cannot be applied.

    The system text stays a message of its own, wherever the template has it.
    """
    rendered = template.render(text, "", MARK)
    return rendered.strip() if rendered and MARK in rendered else None


def _sampling(preset: Preset, request: Body, body: Body) -> dict[str, Any]:
    given = body.get("options") or {}
    own = {k: v for k, v in preset.parameters.items() if given.get(k) is None}
    sampling, _ = to_sampling(own)
    if "max_tokens" in request:  # the same cap by its older name
        sampling.pop("max_completion_tokens", None)
    return sampling


def _is_instructed(said: Messages) -> bool:
    return bool(said) and said[0]["role"] in INSTRUCTING


def _system(preset: Preset) -> list[dict[str, Any]]:
    return [{"role": "system", "content": preset.system}] if preset.system else []


def _earlier(preset: Preset) -> list[dict[str, Any]]:
    """The conversation that the model begins with, in the upstream form."""
    said: list[dict[str, Any]] = chat.to_upstream({"messages": preset.messages})[
        "messages"
    ]
    return said


def _framed(preset: Preset, said: Messages) -> list[dict[str, Any]]:
    """The users' texts with the template's around them."""
    frame = frame_of(preset.template)
    if frame is None or frame == MARK:
        return [dict(message) for message in said]
    return [
        {**message, "content": _put_into(frame, message["content"])}
        if message["role"] == "user"
        else dict(message)
        for message in said
    ]


def _put_into(frame: str, content: Any) -> Any:
    text = frame.replace(MARK, text_of(content))
    if isinstance(content, str):
        return text
    shown = [part for part in parts_of(content) if part["type"] != "text"]
    return [{"type": "text", "text": text}, *shown]
