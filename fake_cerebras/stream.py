"""An answer as a stream of events, with the oddities that a script wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fake_cerebras import completion, encoding, tokens
from fake_cerebras.answer import Answer, Call
from fake_cerebras.completion import Reply
from fake_cerebras.script import Script

DONE = "[DONE]"


@dataclass(frozen=True)
class Event:
    """The bytes of one event, and how many tokens it took to make."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True)
class Said:
    """One delta before it is wrapped; `words` are the tokens of its text."""

    delta: dict[str, Any]
    words: Sequence[str] = field(default_factory=tuple)
    cost: int = 0


class Events:
    """Makes the events of one reply."""

    def __init__(self, reply: Reply, script: Script) -> None:
        self._reply = reply
        self._script = script

    def of(self, answer: Answer) -> Iterator[Event]:
        if self._script.events is not None:
            yield from (self._event(each) for each in self._script.events)
            return
        said = list(self._said(answer))
        with_content = "finish_with_content" in self._script.extras
        last = said.pop() if with_content else Said({})
        for each in said:
            yield self._event(self._reply.wrap([self._choice(each)]), each.cost)
        yield from self._last(last, answer)
        if "done" not in self._script.omit:
            yield self._event(DONE)

    def _last(self, said: Said, answer: Answer) -> Iterator[Event]:
        choice = self._choice(said)
        if "finish_reason" not in self._script.omit:
            index = choice.pop("index")
            choice |= {"finish_reason": answer.finish, "index": index}
        end = self._reply.end(answer)
        if "usage_chunk" in self._script.extras:
            yield self._event(self._reply.wrap([choice]), said.cost)
            yield self._event(self._reply.wrap([], end))
        else:
            yield self._event(self._reply.wrap([choice], end), said.cost)

    def _said(self, answer: Answer) -> Iterator[Said]:
        if self._script.deltas is not None:
            yield from (Said(delta, cost=1) for delta in self._script.deltas)
            return
        empty = [Said({})] if "empty_deltas" in self._script.extras else []
        if "no_role" not in self._script.extras and not self._reply.raw:
            yield Said({"role": "assistant"})
        yield from empty
        yield from self._texts("reasoning", answer.reasoning)
        yield from empty
        yield from self._texts("content", answer.content)
        yield from empty
        for index, call in enumerate(answer.calls):
            yield from self._calls(index, call)

    def _texts(self, key: str, words: Sequence[str]) -> Iterator[Said]:
        size = self._script.delta_size
        runs = tokens.runs(words) if size is None else _pieces("".join(words), size)
        for run in runs:
            yield Said({key: "".join(run)}, run, len(run))

    def _calls(self, index: int, call: Call) -> Iterator[Said]:
        """Whole in one delta, or its head and then its arguments in fragments."""
        shape = completion.call(call) | {"index": index}
        size = self._script.arguments_delta_size
        if size is None:
            yield Said({"tool_calls": [shape]}, cost=call.tokens)
            return
        head = shape | {"function": {"name": call.name, "arguments": ""}}
        yield Said({"tool_calls": [head]}, cost=1)
        for (fragment,) in _pieces(call.arguments, size):
            more = {"function": {"arguments": fragment}, "index": index}
            yield Said({"tool_calls": [more]}, cost=1)

    def _choice(self, said: Said) -> dict[str, Any]:
        if self._reply.raw:
            return {"text": said.delta.get("content", ""), "index": 0}
        key = "reasoning" if "reasoning" in said.delta else "content"
        logprobs = self._reply.logprobs(key, said.words)
        return {"delta": said.delta, "index": 0} | logprobs

    def _event(self, value: Any, cost: int = 0) -> Event:
        return Event(encoding.event(value, self._script.extras), cost)


def _pieces(text: str, size: int) -> Iterator[list[str]]:
    for start in range(0, len(text), size):
        yield [text[start : start + size]]
