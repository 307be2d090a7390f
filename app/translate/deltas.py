"""Reading upstream chunks: what every dialect needs, in no dialect's words.

A stream's chunk and a whole answer are read alike, so both modes share one truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from app.errors import UpstreamError
from app.translate.dialect import ReplyContext
from app.wire.completion import Choice, Chunk, Delta, TimeInfo, ToolCall, Usage

NOTHING = Delta()

# No answer has more; a client keeps both in 64 bits, the durations as nanoseconds.
MOST_TOKENS = 10**9
LONGEST_S = 10.0**9

# Up to two words, none longer than eight characters: what upstream sends per event.
FEW_WORDS = re.compile(r"(?:\s*\S{1,8}){1,2}|\s+")


def choice_of(chunk: Chunk) -> Choice | None:
    """The chunk's only choice; one with nothing but usage has none."""
    return chunk.choices[0] if chunk.choices else None


def said(choice: Choice) -> Delta:
    """What a choice adds: a chunk's delta, an answer's message or a raw text."""
    return choice.delta or choice.message or Delta(content=choice.text)


def rechunk(completion: Chunk) -> list[list[Chunk]]:
    """A whole answer as one read of a stream: many small chunks, reasoning first."""
    choice = choice_of(completion)
    if choice is None:
        return [[completion]]
    return [[*_pieces(choice), _last(choice, completion)]]


def _pieces(choice: Choice) -> Iterator[Chunk]:
    delta = said(choice)
    for text in FEW_WORDS.findall(delta.reasoning or ""):
        yield Chunk([Choice(delta=Delta(reasoning=text))])
    if choice.logprobs:  # they belong to the text as a whole
        whole = Delta(content=delta.content)
        yield Chunk([Choice(delta=whole, logprobs=choice.logprobs)])
        return
    for text in FEW_WORDS.findall(delta.content or ""):
        yield Chunk([Choice(delta=Delta(content=text))])


def _last(choice: Choice, completion: Chunk) -> Chunk:
    delta = Delta(tool_calls=said(choice).tool_calls)
    last = Choice(
        delta=delta,
        finish_reason=choice.finish_reason,
        stop_sequence=choice.stop_sequence,
    )
    return Chunk([last], usage=completion.usage, time_info=completion.time_info)


class WholeCall(NamedTuple):
    """A tool call whose arguments have all come; upstream may have given no id."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass
class OpenCall:
    id: str = ""
    name: str = ""
    arguments: str = ""

    def add(self, fragment: ToolCall) -> None:
        self.id = self.id or fragment.id or ""
        if function := fragment.function:
            self.name = self.name or function.name or ""
            self.arguments += function.arguments or ""


class ToolCalls:
    """Joins the fragments of a reply's tool calls; they are whole when it ends."""

    def __init__(self) -> None:
        self._calls: list[OpenCall] = []
        self._by_index: dict[int, OpenCall] = {}

    def add(self, fragments: Iterable[ToolCall]) -> None:
        for fragment in fragments:
            call = self._continued_by(fragment)
            if call is None:
                call = OpenCall()
                self._calls.append(call)
            if fragment.index is not None:
                self._by_index[fragment.index] = call
            call.add(fragment)

    def _continued_by(self, fragment: ToolCall) -> OpenCall | None:
        """The call a fragment belongs to; another id always begins another call."""
        if fragment.index is not None:
            call = self._by_index.get(fragment.index)
        else:
            call = self._without_index(fragment)
        if call and fragment.id and call.id and fragment.id != call.id:
            return None
        return call

    def _without_index(self, fragment: ToolCall) -> OpenCall | None:
        if fragment.function and fragment.function.name:
            return None
        if fragment.id:
            return next((call for call in self._calls if call.id == fragment.id), None)
        return self._calls[-1] if self._calls else None

    def whole(self, finish_reason: str | None) -> list[WholeCall]:
        """All calls; one that the length limit cut short is left out."""
        calls = []
        for call in self._calls:
            arguments = _arguments(call.arguments)
            if arguments is not None and call.name:
                calls.append(WholeCall(call.id, call.name, arguments))
            elif finish_reason != "length":
                raise UpstreamError("the model sent a tool call that cannot be read")
        return calls


def _arguments(text: str) -> dict[str, Any] | None:
    """Arguments as an object; a function without any may leave them out."""
    if not text.strip():
        return {}
    try:
        arguments = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    if arguments is None:
        return {}
    return arguments if isinstance(arguments, dict) else None


class Durations(NamedTuple):
    """Nanoseconds, each above zero."""

    total: int
    load: int
    prompt_eval: int
    eval: int


class Meter:
    """What a reply cost: in upstream's own numbers, else as seen here."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._usage: Usage | None = None
        self._time_info: TimeInfo | None = None
        self._first_ns: int | None = None
        self._deltas = 0

    def note(self, chunk: Chunk) -> None:
        """Keep what a chunk tells of the cost."""
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.time_info is not None:
            self._time_info = chunk.time_info

    def count(self, deltas: int, now_ns: int) -> None:
        """Count the texts that one read brought, some at least."""
        self._deltas += deltas
        if self._first_ns is None:
            self._first_ns = now_ns

    @property
    def is_complete(self) -> bool:
        """Whether upstream has told all it has to tell."""
        return self._usage is not None and self._time_info is not None

    def prompt_tokens(self) -> int:
        told = self._usage.prompt_tokens if self._usage else None
        return tokens(told) or max(self._context.prompt_tokens, 1)

    def completion_tokens(self) -> int:
        told = self._usage.completion_tokens if self._usage else None
        return tokens(told) or max(self._deltas, 1)

    def cached_tokens(self) -> int:
        details = self._usage and self._usage.prompt_tokens_details
        return tokens(details.cached_tokens) if details else 0

    def reasoning_tokens(self) -> int:
        details = self._usage and self._usage.completion_tokens_details
        return tokens(details.reasoning_tokens) if details else 0

    def durations(self, now_ns: int) -> Durations:
        began, first = self._context.started_ns, self._first_ns or now_ns
        time = self._time_info or TimeInfo()
        load = _ns(time.queue_time, otherwise=1)
        prompt = _ns(time.prompt_time, otherwise=first - began)
        completion = _ns(time.completion_time, otherwise=now_ns - first)
        total = max(now_ns - began, load + prompt + completion)
        return Durations(total, load, prompt, completion)


def tokens(told: int | None) -> int:
    """0 for what is not told, or is nothing that a client could take."""
    return told if told is not None and 0 < told <= MOST_TOKENS else 0


def _ns(seconds: float | None, *, otherwise: int) -> int:
    """Above 0, and such that the sum of a few is still an int64."""
    if seconds is None or seconds <= 0:
        return max(otherwise, 1)
    return max(round(min(seconds, LONGEST_S) * 1e9), 1)
