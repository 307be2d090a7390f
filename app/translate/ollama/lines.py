"""What a line of a native reply can say, and the bytes around one that is mere text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.translate.dialect import Exchange
from app.translate.ollama.times import render_time
from app.translate.reading import CONTENT, REASONING
from app.wire import json_codec

UNDER_WAY: Mapping[str, Any] = {"done": False}
MARK = "\0"


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
    frames = {kind: _frame(spell(line_of(kind, MARK))) for kind in (CONTENT, REASONING)}
    return Form(spell, frames)


def line_of(kind: str, text: str, logprobs: Sequence[Mapping[str, Any]] = ()) -> Line:
    if kind == REASONING:
        return Line(thinking=text, logprobs=logprobs)
    return Line(content=text, logprobs=logprobs)


def _frame(fields: Mapping[str, Any]) -> tuple[bytes, bytes]:
    head, tail = json_codec.encode(fields).split(json_codec.encode(MARK))
    return b'",' + head.removeprefix(b"{"), tail + b"\n"


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not empty; Ollama leaves the others out."""
    return {name: value for name, value in fields.items() if value}


def answer(exchange: Exchange, fields: Mapping[str, Any]) -> dict[str, Any]:
    """One object of a reply: who answers, and when, stands before the rest."""
    created_at = render_time(exchange.clock())
    head = {"model": exchange.name, **exchange.remote, "created_at": created_at}
    return {**head, **fields}
