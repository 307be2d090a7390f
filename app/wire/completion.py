"""Types of Cerebras' responses, with the fields that Cerellama reads, all optional.

A chunk of a stream and a whole response are both a `Chunk`: the choice of a chunk has a
`delta`, that of a whole response a `message`, that of a text completion a `text`.
`gc=False` keeps the objects out of the garbage collector; they cannot form cycles.
"""

from typing import Any

import msgspec

MAX_TOKENS = 10**9  # no answer has more; clients keep counts in 64 bits


class FunctionCall(msgspec.Struct, gc=False):
    """The name and the arguments (JSON) of a tool call, or fragments of them."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, gc=False):
    """A tool call, or a chunk's fragment of one."""

    index: int | None = None
    id: str | None = None
    function: FunctionCall | None = None


class Delta(msgspec.Struct, gc=False):
    """A part of a message, or a whole message."""

    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] | None = None


class Choice(msgspec.Struct, gc=False):
    """One alternative of a reply; Cerellama requests only one."""

    delta: Delta | None = None
    message: Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None
    stop_sequence: str | None = None  # the one that ended the text, if known


class PromptDetails(msgspec.Struct, gc=False):
    """A part of the prompt tokens."""

    cached_tokens: int | None = None


class CompletionDetails(msgspec.Struct, gc=False):
    """A part of the completion tokens."""

    reasoning_tokens: int | None = None


class Usage(msgspec.Struct, gc=False):
    """Token counts of a request."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None


class TimeInfo(msgspec.Struct, gc=False):
    """Durations in seconds."""

    queue_time: float | None = None
    prompt_time: float | None = None
    completion_time: float | None = None


class Chunk(msgspec.Struct, gc=False):
    """A chunk of a stream, or a whole response."""

    choices: list[Choice] | None = None
    usage: Usage | None = None
    time_info: TimeInfo | None = None
    error: Any = None
    status_code: int | None = None


decode = msgspec.json.Decoder(Chunk).decode


def valid_tokens(count: int | None) -> int:
    """Return the count, 0 if it is missing or absurd."""
    return count if count is not None and 0 < count <= MAX_TOKENS else 0
