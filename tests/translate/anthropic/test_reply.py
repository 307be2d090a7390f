"""Replies of `/v1/messages`, streamed and whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.errors import UpstreamError
from app.translate.anthropic.dialect import PING, AnthropicDialect
from app.translate.anthropic.messages import from_chunks, from_completion
from app.translate.anthropic.reply import BlockStream
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


def text_chunk(text: str | None = None, **fields: Any) -> Chunk:
    return Chunk([Choice(delta=Delta(text, **fields))])


def call_chunk(index: int | None, id: str | None, name: str | None, text: str) -> Chunk:
    return text_chunk(tool_calls=[ToolCall(index, id, FunctionCall(name, text))])


def final_chunk(reason: str = "stop", **fields: Any) -> Chunk:
    choice = Choice(delta=Delta(), finish_reason=reason, **fields)
    return Chunk([choice], usage=Usage(3, 4), time_info=TimeInfo(0.1, 0.1, 0.1, 0.3))


def read_stream(context: ReplyContext, *batches: Sequence[Chunk]) -> list[list[Event]]:
    return list(from_chunks(batches, context))


def message_delta(context: ReplyContext, *batches: Sequence[Chunk]) -> Any:
    """Return the last event but one."""
    return read_stream(context, *batches)[-1][-2]


def test_each_batch_is_one_list_of_events(context: ReplyContext) -> None:
    batches = (
        [text_chunk("a")],
        [text_chunk("b"), text_chunk("c")],
        [final_chunk()],
        [],
        [Chunk()],
    )

    first, second, third = read_stream(context, *batches)

    assert [len(first), len(second), len(third)] == [3, 1, 3]
    assert third[-1] == {"type": "message_stop"}


def test_usage_is_estimated_at_the_start_and_exact_at_the_end(
    context: ReplyContext,
) -> None:
    batches = ([text_chunk("a")], [final_chunk()])

    [start, *_], *_ = read_stream(replace(context, prompt_tokens=9), *batches)

    assert isinstance(start, dict)
    assert start["message"]["usage"] == {"input_tokens": 9, "output_tokens": 0}
    assert message_delta(context, *batches)["usage"] == {
        "input_tokens": 3,
        "output_tokens": 4,
    }


def test_keep_alive_is_a_ping_after_the_start(context: ReplyContext) -> None:
    first, second, *_ = read_stream(context, [], [], [text_chunk("a")], [final_chunk()])

    assert len(first) == 2
    assert first[1] == PING
    assert second == [PING]


def test_missing_usage_is_estimated(context: ReplyContext) -> None:
    end = Chunk([Choice(delta=Delta(), finish_reason="stop")])

    assert message_delta(context, [text_chunk("a"), text_chunk("b")], [end])[
        "usage"
    ] == {
        "input_tokens": 1,
        "output_tokens": 2,
    }


@pytest.mark.parametrize(
    ("chunks", "reason", "stop_sequence"),
    [
        ([final_chunk()], "end_turn", None),
        ([final_chunk("tool_calls")], "end_turn", None),
        ([final_chunk("length")], "max_tokens", None),
        ([final_chunk("content_filter")], "refusal", None),
        ([final_chunk(stop_sequence="END")], "stop_sequence", "END"),
        ([call_chunk(0, "a", "look", "{}"), final_chunk("length")], "tool_use", None),
        (
            [call_chunk(0, "a", "look", '{"a'), final_chunk("length")],
            "max_tokens",
            None,
        ),
    ],
)
def test_stop_reason(
    context: ReplyContext, chunks: list[Chunk], reason: str, stop_sequence: str | None
) -> None:
    end = {"stop_reason": reason, "stop_sequence": stop_sequence}

    assert message_delta(context, chunks)["delta"] == end


def test_call_with_invalid_arguments_raises(context: ReplyContext) -> None:
    with pytest.raises(UpstreamError):
        read_stream(context, [call_chunk(0, "a", "look", "{"), final_chunk()])


def test_hidden_thinking_is_left_out(context: ReplyContext) -> None:
    hidden = replace(context, thinking=False)
    completion = Chunk([Choice(message=Delta("a", "hm"), finish_reason="stop")])

    assert from_completion(completion, hidden)["content"] == [
        {"type": "text", "text": "a"}
    ]
    assert (
        len(read_stream(hidden, [text_chunk(reasoning="hm")], [final_chunk()])[0]) == 1
    )


def test_whole_reply_is_one_message(context: ReplyContext) -> None:
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


def test_empty_reply_has_no_blocks(context: ReplyContext) -> None:
    empty = Chunk([Choice(message=Delta(""), finish_reason="stop")])

    assert from_completion(empty, context)["content"] == []
    assert [len(events) for events in read_stream(context, [final_chunk()])] == [3]


def decode_events(events: list[Event]) -> list[dict[str, Any]]:
    frames = AnthropicDialect().frame_all(events).decode().split("\n\n")[:-1]
    return [json.loads(frame.partition("\ndata: ")[2]) for frame in frames]


def start_event(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta_event(index: int, **delta: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def stop_event(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def test_block_of_another_kind_stops_the_block_before() -> None:
    blocks = BlockStream()
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {"b": 1}}

    events = decode_events(
        [
            *blocks.add_texts("thinking", ["hm"]),
            *blocks.add_texts("thinking", ["so", "on"]),
            *blocks.add_texts("text", ["hi"]),
            *blocks.add_texts("thinking", ["again"]),
            *blocks.add_call(call),
            *blocks.stop(),
            *blocks.stop(),
        ]
    )

    assert events == [
        start_event(0, {"type": "thinking", "thinking": ""}),
        delta_event(0, type="thinking_delta", thinking="hm"),
        delta_event(0, type="thinking_delta", thinking="so"),
        delta_event(0, type="thinking_delta", thinking="on"),
        stop_event(0),
        start_event(1, {"type": "text", "text": ""}),
        delta_event(1, type="text_delta", text="hi"),
        stop_event(1),
        start_event(2, {"type": "thinking", "thinking": ""}),
        delta_event(2, type="thinking_delta", thinking="again"),
        stop_event(2),
        start_event(3, {**call, "input": {}}),
        delta_event(3, type="input_json_delta", partial_json='{"b":1}'),
        stop_event(3),
    ]


def test_texts_of_a_run_are_framed_at_once() -> None:
    blocks = BlockStream()
    blocks.add_texts("text", ["a"])

    assert len(blocks.add_texts("text", ["b", "c", "d"])) == 1


@pytest.mark.parametrize("text", ['"\\\n\t', "\u0085\u2028\u2029", "\0", "héé 🎈"])
def test_text_is_framed_unchanged(text: str) -> None:
    _, *deltas = decode_events(BlockStream().add_texts("text", [text, text]))

    assert [event["delta"]["text"] for event in deltas] == [text, text]
