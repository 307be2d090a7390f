"""What a line of a native reply can say, and the bytes around one that is mere text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.translate.dialect import ReplyContext, frame_around
from app.translate.ollama.dialect import FAMILY
from app.translate.ollama.times import render_time
from app.translate.reading import CONTENT, REASONING

UNDER_WAY: Mapping[str, Any] = {"done": False}


@dataclass(frozen=True)
class Line:
    """What one line says, before an endpoint spells it."""

    content: str = ""
    thinking: str = ""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    logprobs: Sequence[Mapping[str, Any]] = ()
    state: Mapping[str, Any] = field(default_factory=lambda: UNDER_WAY)
    context: Sequence[int] = ()
    measures: Mapping[str, int] = field(default_factory=dict)


Spell = Callable[[Line], dict[str, Any]]


@dataclass(frozen=True)
class Form:
    """How an endpoint spells its lines.

    `frames` holds, for each kind of text, the bytes between `created_at` and the text
    and those behind it: made by `spell`, so that both ways to a line agree.
    """

    spell: Spell
    frames: Mapping[str, tuple[bytes, bytes]]


def form(spell: Spell) -> Form:
    def frame(kind: str) -> tuple[bytes, bytes]:
        head, tail = frame_around(FAMILY.frame, lambda text: spell(line_of(kind, text)))
        return b'",' + head.removeprefix(b"{"), tail

    return Form(spell, {kind: frame(kind) for kind in (CONTENT, REASONING)})


def line_of(kind: str, text: str, logprobs: Sequence[Mapping[str, Any]] = ()) -> Line:
    if kind == REASONING:
        return Line(thinking=text, logprobs=logprobs)
    return Line(content=text, logprobs=logprobs)


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not empty; Ollama leaves the others out."""
    return {name: value for name, value in fields.items() if value}


def answer(context: ReplyContext, fields: Mapping[str, Any]) -> dict[str, Any]:
    """One object of a reply: who answers, and when, stands before the rest."""
    created_at = render_time(context.clock())
    head = {"model": context.name, **context.remote, "created_at": created_at}
    return {**head, **fields}
