"""What is answered, in tokens: the script's words or the server's own, cut to fit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fake_cerebras import speaker, tokens
from fake_cerebras.conversation import Body
from fake_cerebras.models import Model
from fake_cerebras.script import Script


@dataclass(frozen=True)
class Call:
    """A tool call; `arguments` is the text that goes over the wire."""

    id: str
    name: str
    arguments: str

    @property
    def tokens(self) -> int:
        return len(tokens.split(self.name + self.arguments))


@dataclass(frozen=True)
class Answer:
    reasoning: Sequence[str]
    content: Sequence[str]
    calls: Sequence[Call] = field(default_factory=tuple)
    finish: str = "stop"
    counted: Answer | None = None  # as it was before its reasoning was put elsewhere

    @property
    def reasoning_tokens(self) -> int:
        return len((self.counted or self).reasoning)

    @property
    def completion_tokens(self) -> int:
        content = (self.counted or self).content
        calls = sum(call.tokens for call in self.calls)
        return self.reasoning_tokens + len(content) + calls


def make(body: Body, model: Model, script: Script) -> Answer:
    said = _from_script(script) if script.speaks else _own(body, model)
    if "prompt" in body:  # a raw completion has no place for thoughts
        said = replace(said, reasoning=())
    answer = _limit(_stop(said, body.get("stop")), _cap(body, model))
    if script.finish_reason is not None:
        answer = replace(answer, finish=script.finish_reason)
    return _format(answer, body.get("reasoning_format"))


def _from_script(script: Script) -> Answer:
    calls = [_call(each) for each in script.tool_calls]
    return _answer(script.reasoning or "", script.content or "", calls)


def _own(body: Body, model: Model) -> Answer:
    said = speaker.speak(body, model)
    words = body["prompt"] + said.words if _echoes(body) else said.words
    return _answer(said.thought, words, [_call(each) for each in said.calls])


def _echoes(body: Body) -> bool:
    return bool(body.get("echo")) and isinstance(body["prompt"], str)


def _answer(thought: str, words: str, calls: Sequence[Call]) -> Answer:
    return Answer(
        reasoning=tokens.split(thought),
        content=tokens.split(words),
        calls=calls,
        finish="tool_calls" if calls else "stop",
    )


def _call(source: dict[str, Any]) -> Call:
    arguments = source.get("arguments", {})
    return Call(
        id=source.get("id") or secrets.token_hex(5)[:9],
        name=source["name"],
        arguments=arguments if isinstance(arguments, str) else json.dumps(arguments),
    )


def _stop(answer: Answer, stop: Any) -> Answer:
    """End the content before the first stop sequence."""
    words = "".join(answer.content)
    sequences = [stop] if isinstance(stop, str) else stop or []
    found = [place for each in sequences if (place := words.find(each)) >= 0]
    if not found:
        return answer
    return replace(answer, content=tokens.split(words[: min(found)]), finish="stop")


def _cap(body: Body, model: Model) -> int:
    caps = (body.get("max_completion_tokens"), body.get("max_tokens"))
    given: list[int] = [cap for cap in caps if cap is not None and cap >= 0]
    return min([*given, model.max_output])


def _limit(answer: Answer, cap: int) -> Answer:
    """Cut to `cap` tokens: what was thought counts first."""
    if answer.completion_tokens <= cap:
        return answer
    reasoning = answer.reasoning[:cap]
    content = answer.content[: cap - len(reasoning)]
    return Answer(reasoning, content, finish="length")


def _format(answer: Answer, reasoning_format: str | None) -> Answer:
    if reasoning_format == "hidden":
        return replace(answer, reasoning=(), counted=answer)
    if reasoning_format == "raw" and answer.reasoning:
        content = ["<think>", *answer.reasoning, "</think>", *answer.content]
        return replace(answer, reasoning=(), content=content, counted=answer)
    return answer
