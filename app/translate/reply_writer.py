"""Read the chunks of an answer, and write a reply from what they contain.

`ReplyWriter` is the base of a class for each endpoint. It gets texts, tool calls, usage
and durations from a `DeltaReader`, which all endpoints share.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from app.errors import UpstreamError
from app.translate.deltas import delta_of
from app.translate.dialect import Event, ReplyContext
from app.wire.completion import (
    Choice,
    Chunk,
    Delta,
    TimeInfo,
    ToolCall,
    Usage,
    valid_tokens,
)

CONTENT, REASONING = "content", "reasoning"
MAX_SECONDS = 10.0**9  # no answer takes longer; clients keep nanoseconds in 64 bits


class TextRun(msgspec.Struct):
    """Consecutive texts of one kind; a text with logprobs has a run of its own."""

    kind: str  # CONTENT or REASONING
    texts: list[str]
    logprobs: Mapping[str, Any] | None = None


class ReplyWriter(ABC):
    """Writes one reply, whole or as a stream."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._reader = DeltaReader(context)

    @abstractmethod
    def whole(self, completion: Chunk) -> dict[str, Any]:
        """Return the reply as one object."""

    def stream(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Event]]:
        """Yield the events for each batch, and those of the end.

        Stop when the finish reason and the usage are known, even if batches are left.
        """
        events = self._first_events()
        reader = self._reader
        for batch in batches:
            runs = reader.read(batch)
            if not runs and reader.is_silent(batch):
                events.append(self._keep_alive())
            for run in runs:
                events += self._text_events(run)
            if reader.is_complete:
                break
            yield events
            events = []
        yield [*events, *self._last_events()]

    def _first_events(self) -> list[Event]:
        """Return the events to send with those of the first batch."""
        return []

    @abstractmethod
    def _keep_alive(self) -> Event:
        """Return the event for a client that has received nothing for long."""

    @abstractmethod
    def _text_events(self, run: TextRun) -> Sequence[Event]:
        """Return the events of a run of texts."""

    @abstractmethod
    def _last_events(self) -> Sequence[Event]:
        """Return the events of the end, when everything about the reply is known."""


class DeltaReader:
    """Reads one answer of the upstream.

    Texts are returned as they come. The finish reason, tool calls and usage are kept:
    read them after the last batch.
    """

    def __init__(self, context: ReplyContext) -> None:
        self.meter = Meter(context)
        self.now_ns = context.started_ns  # when the latest batch came
        self.finish_reason: str | None = None
        self.stop_sequence: str | None = None
        self._context = context
        self._thinking = context.thinking
        self._sent_ns = context.started_ns  # when the client last received something
        self._calls = ToolCalls()

    @property
    def is_complete(self) -> bool:
        """Whether the finish reason and the usage are known."""
        return self.finish_reason is not None and self.meter.is_complete

    def read(self, batch: Sequence[Chunk]) -> list[TextRun]:
        """Return the texts of a batch, in order, and keep everything else."""
        self.now_ns = self._context.clock()
        runs: list[TextRun] = []
        for chunk in batch:
            if chunk.choices:
                choice = chunk.choices[0]
                delta = choice.delta or delta_of(choice)
                if choice.finish_reason or delta.tool_calls:
                    self._keep(choice, delta)
                if delta.reasoning and self._thinking:
                    _add_text(runs, REASONING, delta.reasoning)
                if delta.content or (choice.logprobs and not delta.reasoning):
                    _add_text(runs, CONTENT, delta.content or "", choice.logprobs)
            if chunk.usage is not None or chunk.time_info is not None:
                self.meter.add_chunk(chunk)
        for run in runs:
            self.meter.count_texts(len(run.texts), self.now_ns)
            self._sent_ns = self.now_ns
        return runs

    def is_silent(self, batch: Sequence[Chunk]) -> bool:
        """Return whether the client needs a keep-alive after a batch without texts.

        The upstream can be busy while the client receives nothing: hidden reasoning
        and unfinished tool calls are not sent. An empty batch comes only after a long
        silence of the upstream.
        """
        if batch and self.now_ns - self._sent_ns < self._context.silence_ns:
            return False
        self._sent_ns = self.now_ns
        return True

    def tool_calls(self) -> "list[WholeCall]":
        """Return all tool calls, each with an id."""
        return [
            call if call.id else call._replace(id=f"call_{self._context.new_id()}")
            for call in self._calls.whole(self.finish_reason)
        ]

    def usage(self) -> dict[str, int]:
        """Return the usage in OpenAI's form."""
        prompt, completion = self.meter.prompt_tokens(), self.meter.completion_tokens()
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    def _keep(self, choice: Choice, delta: Delta) -> None:
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
            self.stop_sequence = choice.stop_sequence
        if delta.tool_calls:
            self._calls.add(delta.tool_calls)


def _add_text(
    runs: list[TextRun], kind: str, text: str, logprobs: Mapping[str, Any] | None = None
) -> None:
    """Append a text to the last run if it continues that run, else begin a run."""
    if runs and not logprobs:
        last = runs[-1]
        if last.kind == kind and not last.logprobs:
            last.texts.append(text)
            return
    runs.append(TextRun(kind, [text], logprobs))


def joined_text(runs: Iterable[TextRun], kind: str) -> str:
    """Return all texts of one kind as one."""
    return "".join([text for run in runs if run.kind == kind for text in run.texts])


class WholeCall(NamedTuple):
    """A tool call with all its arguments; the id is empty if the upstream sent none."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass
class OpenCall:
    """A tool call of which more fragments may come."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def add(self, fragment: ToolCall) -> None:
        """Append a fragment of this call."""
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
        """Append each fragment to its call, or begin a call with it."""
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
        """Return the tokens of the prompt, at least 1."""
        count = self._usage.prompt_tokens if self._usage else None
        return valid_tokens(count) or max(self._context.prompt_tokens, 1)

    def completion_tokens(self) -> int:
        """Return the tokens of the reply, at least 1; a text counts as one token."""
        count = self._usage.completion_tokens if self._usage else None
        return valid_tokens(count) or max(self._texts, 1)

    def cached_tokens(self) -> int:
        """Return the prompt tokens that the upstream read from its cache."""
        details = self._usage and self._usage.prompt_tokens_details
        return valid_tokens(details.cached_tokens) if details else 0

    def reasoning_tokens(self) -> int:
        """Return the tokens of the reasoning, which completion tokens include."""
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


def _ns(seconds: float | None, *, otherwise: int) -> int:
    """Return nanoseconds above 0, small enough that a sum of them fits an int64."""
    if seconds is None or seconds <= 0:
        return max(otherwise, 1)
    return max(round(min(seconds, MAX_SECONDS) * 1e9), 1)
