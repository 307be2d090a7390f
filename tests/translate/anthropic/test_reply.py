"""Upstream chunks become a message, streamed or whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.errors import UpstreamError
from app.translate.anthropic.dialect import PING
from app.translate.anthropic.messages import from_chunks, from_completion
from app.translate.dialect import Event, ReplyContext
from app.wire.completion import (
    Choice,
    Chunk,
    Delta,
    FunctionCall,
    TimeInfo,
    ToolCall,
    Usage,
)


def said(text: str | None = None, **fields: Any) -> Chunk:
    return Chunk([Choice(delta=Delta(text, **fields))])


def called(index: int | None, id: str | None, name: str | None, text: str) -> Chunk:
    return said(tool_calls=[ToolCall(index, id, FunctionCall(name, text))])


def finish(reason: str = "stop", **fields: Any) -> Chunk:
    choice = Choice(delta=Delta(), finish_reason=reason, **fields)
    return Chunk([choice], usage=Usage(3, 4), time_info=TimeInfo(0.1, 0.1, 0.1, 0.3))


def told(context: ReplyContext, *batches: Sequence[Chunk]) -> list[list[Event]]:
    return list(from_chunks(batches, context))


def last(context: ReplyContext, *batches: Sequence[Chunk]) -> Any:
    """The event that says how it ended."""
    return told(context, *batches)[-1][-2]


def test_each_read_is_told_at_once_and_the_end_once(context: ReplyContext) -> None:
    batches = ([said("a")], [said("b"), said("c")], [finish()], [], [Chunk()])

    first, second, third = told(context, *batches)

    assert [len(first), len(second), len(third)] == [3, 1, 3]
    assert third[-1] == {"type": "message_stop"}


def test_the_start_estimates_what_the_end_counts(context: ReplyContext) -> None:
    batches = ([said("a")], [finish()])

    [start, *_], *_ = told(replace(context, prompt_tokens=9), *batches)

    assert isinstance(start, dict)
    assert start["message"]["usage"] == {"input_tokens": 9, "output_tokens": 0}
    assert last(context, *batches)["usage"] == {"input_tokens": 3, "output_tokens": 4}


def test_silence_is_a_ping_after_the_start(context: ReplyContext) -> None:
    first, second, *_ = told(context, [], [], [said("a")], [finish()])

    assert len(first) == 2
    assert first[1] == PING
    assert second == [PING]


def test_usage_that_never_came_is_estimated(context: ReplyContext) -> None:
    end = Chunk([Choice(delta=Delta(), finish_reason="stop")])

    assert last(context, [said("a"), said("b")], [end])["usage"] == {
        "input_tokens": 1,
        "output_tokens": 2,
    }


@pytest.mark.parametrize(
    ("chunks", "reason", "sequence"),
    [
        ([finish()], "end_turn", None),
        ([finish("tool_calls")], "end_turn", None),
        ([finish("length")], "max_tokens", None),
        ([finish("content_filter")], "refusal", None),
        ([finish(stop_sequence="END")], "stop_sequence", "END"),
        ([called(0, "a", "look", "{}"), finish("length")], "tool_use", None),
        ([called(0, "a", "look", '{"a'), finish("length")], "max_tokens", None),
    ],
)
def test_it_says_why_it_ended(
    context: ReplyContext, chunks: list[Chunk], reason: str, sequence: str | None
) -> None:
    end = {"stop_reason": reason, "stop_sequence": sequence}

    assert last(context, chunks)["delta"] == end


def test_a_call_that_cannot_be_read_is_an_error(context: ReplyContext) -> None:
    with pytest.raises(UpstreamError):
        told(context, [called(0, "a", "look", "{"), finish()])


def test_thoughts_are_hidden_when_nobody_wants_them(context: ReplyContext) -> None:
    hidden = replace(context, thinking=False)
    completion = Chunk([Choice(message=Delta("a", "hm"), finish_reason="stop")])

    assert from_completion(completion, hidden)["content"] == [
        {"type": "text", "text": "a"}
    ]
    assert len(told(hidden, [said(reasoning="hm")], [finish()])[0]) == 1


def test_a_whole_answer_is_one_message(context: ReplyContext) -> None:
    calls = [ToolCall(None, None, FunctionCall("look", '{"a": 1}'))]
    choice = Choice(message=Delta("a", "hm", calls), finish_reason="tool_calls")

    completion = Chunk([choice], usage=Usage(3, 4))

    assert from_completion(completion, context) == {
        "id": "msg_" + "k3x9a1bz" * 3,
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": "a"},
            {
                "type": "tool_use",
                "id": "call_k3x9a1bz",
                "name": "look",
                "input": {"a": 1},
            },
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }


def test_an_empty_answer_has_no_blocks(context: ReplyContext) -> None:
    empty = Chunk([Choice(message=Delta(""), finish_reason="stop")])

    assert from_completion(empty, context)["content"] == []
    assert [len(events) for events in told(context, [finish()])] == [3]
