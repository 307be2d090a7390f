"""Parts of upstream chunks that all dialects read: tool calls, usage and durations.

A whole completion is read like a chunk of a stream, so both give the same reply.
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

# Bounds that no answer reaches: clients keep counts and nanoseconds in 64 bits.
MAX_TOKENS = 10**9
MAX_SECONDS = 10.0**9

# Up to two words of at most eight characters, about as much as the upstream's chunks.
CHUNK_TEXT = re.compile(r"(?:\s*\S{1,8}){1,2}|\s+")


def choice_of(chunk: Chunk) -> Choice | None:
    """Return the chunk's only choice, None if it has just the usage."""
    return chunk.choices[0] if chunk.choices else None


def delta_of(choice: Choice) -> Delta:
    """Return what a choice adds: a chunk's delta, a whole message or a raw text."""
    return choice.delta or choice.message or Delta(content=choice.text)


def rechunk(completion: Chunk) -> list[list[Chunk]]:
    """Return a completion as one batch of a stream: many small chunks."""
    choice = choice_of(completion)
    if choice is None:
        return [[completion]]
    return [[*_text_chunks(choice), _last_chunk(choice, completion)]]


def _text_chunks(choice: Choice) -> Iterator[Chunk]:
    delta = delta_of(choice)
    for text in CHUNK_TEXT.findall(delta.reasoning or ""):
        yield Chunk([Choice(delta=Delta(reasoning=text))])
    if choice.logprobs:  # they are of the text as a whole
        text_delta = Delta(content=delta.content)
        yield Chunk([Choice(delta=text_delta, logprobs=choice.logprobs)])
        return
    for text in CHUNK_TEXT.findall(delta.content or ""):
        yield Chunk([Choice(delta=Delta(content=text))])


def _last_chunk(choice: Choice, completion: Chunk) -> Chunk:
    delta = Delta(tool_calls=delta_of(choice).tool_calls)
    last = Choice(
        delta=delta,
        finish_reason=choice.finish_reason,
        stop_sequence=choice.stop_sequence,
    )
    return Chunk([last], usage=completion.usage, time_info=completion.time_info)


class WholeCall(NamedTuple):
    """A tool call with all its arguments; the id is empty if the upstream sent none."""

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
    """Joins the fragments of a reply's tool calls."""

    def __init__(self) -> None:
        self._calls: list[OpenCall] = []
        self._by_index: dict[int, OpenCall] = {}

    def add(self, fragments: Iterable[ToolCall]) -> None:
        for fragment in fragments:
            call = self._call_of(fragment)
            if call is None:
                call = OpenCall()
                self._calls.append(call)
            if fragment.index is not None:
                self._by_index[fragment.index] = call
            call.add(fragment)

    def _call_of(self, fragment: ToolCall) -> OpenCall | None:
        """Return the call that a fragment continues, None if it begins a call."""
        if fragment.index is not None:
            call = self._by_index.get(fragment.index)
        else:
            call = self._call_without_index(fragment)
        if call and fragment.id and call.id and fragment.id != call.id:
            return None  # another id is another call, even at the same index
        return call

    def _call_without_index(self, fragment: ToolCall) -> OpenCall | None:
        if fragment.function and fragment.function.name:
            return None
        if fragment.id:
            return next((call for call in self._calls if call.id == fragment.id), None)
        return self._calls[-1] if self._calls else None

    def whole(self, finish_reason: str | None) -> list[WholeCall]:
        """Return all calls, without a call that the length limit cut short.

        Raise UpstreamError if the arguments of another call are not a JSON object.
        """
        calls = []
        for call in self._calls:
            arguments = _arguments(call.arguments)
            if arguments is not None and call.name:
                calls.append(WholeCall(call.id, call.name, arguments))
            elif finish_reason != "length":
                raise UpstreamError("the model sent a tool call that cannot be read")
        return calls


def _arguments(text: str) -> dict[str, Any] | None:
    """Return the arguments, None if they are not an object; blank means empty."""
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
    """Durations in nanoseconds, each above zero."""

    total: int
    load: int
    prompt_eval: int
    eval: int


class Meter:
    """Measures a reply: the upstream's numbers, or else estimates."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._usage: Usage | None = None
        self._time_info: TimeInfo | None = None
        self._first_ns: int | None = None
        self._texts = 0

    def add_chunk(self, chunk: Chunk) -> None:
        """Keep the usage and the times of a chunk."""
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.time_info is not None:
            self._time_info = chunk.time_info

    def count_texts(self, texts: int, now_ns: int) -> None:
        """Count the texts of a batch that has texts."""
        self._texts += texts
        if self._first_ns is None:
            self._first_ns = now_ns

    @property
    def is_complete(self) -> bool:
        """Whether the upstream has sent both usage and times."""
        return self._usage is not None and self._time_info is not None

    def prompt_tokens(self) -> int:
        count = self._usage.prompt_tokens if self._usage else None
        return valid_tokens(count) or max(self._context.prompt_tokens, 1)

    def completion_tokens(self) -> int:
        count = self._usage.completion_tokens if self._usage else None
        return valid_tokens(count) or max(self._texts, 1)

    def cached_tokens(self) -> int:
        details = self._usage and self._usage.prompt_tokens_details
        return valid_tokens(details.cached_tokens) if details else 0

    def reasoning_tokens(self) -> int:
        details = self._usage and self._usage.completion_tokens_details
        return valid_tokens(details.reasoning_tokens) if details else 0

    def durations(self, now_ns: int) -> Durations:
        """Return the durations of a reply that ends at `now_ns`."""
        began, first = self._context.started_ns, self._first_ns or now_ns
        time = self._time_info or TimeInfo()
        load = _ns(time.queue_time, otherwise=1)
        prompt = _ns(time.prompt_time, otherwise=first - began)
        completion = _ns(time.completion_time, otherwise=now_ns - first)
        total = max(now_ns - began, load + prompt + completion)
        return Durations(total, load, prompt, completion)


def valid_tokens(count: int | None) -> int:
    """Return the count, 0 if it is missing or absurd."""
    return count if count is not None and 0 < count <= MAX_TOKENS else 0


def _ns(seconds: float | None, *, otherwise: int) -> int:
    """Return nanoseconds above 0, small enough that a sum of them fits an int64."""
    if seconds is None or seconds <= 0:
        return max(otherwise, 1)
    return max(round(min(seconds, MAX_SECONDS) * 1e9), 1)
