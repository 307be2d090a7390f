"""Replies of `/v1/messages`, streamed and whole."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.translate.anthropic.dialect import PING, AnthropicDialect
from app.translate.anthropic.messages import AnthropicMessages
from app.translate.anthropic.reply import BlockStream
from app.translate.dialect import Event
from app.wire.completion import Choice, Chunk, Delta, FunctionCall, ToolCall
from tests.translate.builders import (
    Json,
    completion,
    last_chunk,
    make_context,
    reasoning_chunk,
    text_chunk,
    tool_call_chunk,
)


def read_stream(*batches: Sequence[Chunk], **context: Any) -> list[list[Event]]:
    return list(AnthropicMessages().stream(batches, make_context(**context)).events)


def read_message_delta(*batches: Sequence[Chunk]) -> Any:
    """Return the last event but one, which has the stop reason and the usage."""
    return read_stream(*batches)[-1][-2]


def test_each_batch_is_one_list_of_events() -> None:
    first, second, third = read_stream(
        [text_chunk("a")], [text_chunk("b"), text_chunk("c")], [last_chunk()]
    )

    assert [len(first), len(second), len(third)] == [3, 1, 3]
    assert third[-1] == {"type": "message_stop"}


def test_usage_is_estimated_at_the_start_and_exact_at_the_end() -> None:
    [start, *_], [*_, message_delta, _] = read_stream([text_chunk("a")], [last_chunk()])

    assert isinstance(start, dict)
    assert isinstance(message_delta, dict)
    assert start["message"]["usage"] == {"input_tokens": 7, "output_tokens": 0}
    assert message_delta["usage"] == {"input_tokens": 9, "output_tokens": 8}


def test_keep_alive_is_a_ping_after_the_start() -> None:
    first, second, *_ = read_stream([], [], [text_chunk("a")], [last_chunk()])

    assert len(first) == 2
    assert first[1] == PING
    assert second == [PING]


def call_chunk(arguments: str) -> Chunk:
    return tool_call_chunk(0, "a", "look", arguments)


def stopped_chunk(stop_sequence: str) -> Chunk:
    choice = Choice(delta=Delta(), finish_reason="stop", stop_sequence=stop_sequence)
    return Chunk([choice])


@pytest.mark.parametrize(
    ("chunks", "reason", "stop_sequence"),
    [
        ([last_chunk()], "end_turn", None),
        ([last_chunk("tool_calls")], "end_turn", None),
        ([last_chunk("length")], "max_tokens", None),
        ([last_chunk("content_filter")], "refusal", None),
        ([stopped_chunk("END")], "stop_sequence", "END"),
        ([call_chunk("{}"), last_chunk("length")], "tool_use", None),
        ([call_chunk('{"a'), last_chunk("length")], "max_tokens", None),
    ],
)
def test_stop_reason(
    chunks: list[Chunk], reason: str, stop_sequence: str | None
) -> None:
    assert read_message_delta(chunks)["delta"] == {
        "stop_reason": reason,
        "stop_sequence": stop_sequence,
    }


def test_hidden_thinking_is_left_out() -> None:
    completed = completion(content="a", reasoning="hm")

    message = AnthropicMessages().reply(completed, make_context(thinking=False))
    first, *_ = read_stream([reasoning_chunk("hm")], [last_chunk()], thinking=False)

    assert message["content"] == [{"type": "text", "text": "a"}]
    assert len(first) == 1


def tool_use(id: str, input: Json) -> Json:
    return {"type": "tool_use", "id": id, "name": "look", "input": input}


def test_whole_reply_is_one_message() -> None:
    calls = [ToolCall(None, None, FunctionCall("look", '{"a": 1}'))]
    whole = completion("tool_calls", content="a", reasoning="hm", tool_calls=calls)

    assert AnthropicMessages().reply(whole, make_context()) == {
        "id": "msg_id000000id000001id000002",
        "type": "message",
        "role": "assistant",
        "model": "gpt-oss",
        "content": [
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": "a"},
            tool_use("call_id000003", {"a": 1}),
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 8},
    }


def test_empty_reply_has_no_blocks() -> None:
    message = AnthropicMessages().reply(completion(content=""), make_context())

    assert message["content"] == []
    assert [len(events) for events in read_stream([last_chunk()])] == [3]


def decode_events(events: list[Event]) -> list[Json]:
    frames = AnthropicDialect().frame_all(events).decode().split("\n\n")[:-1]
    return [json.loads(frame.partition("\ndata: ")[2]) for frame in frames]


def start_event(index: int, block: Json) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta_event(index: int, **delta: str) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def stop_event(index: int) -> Json:
    return {"type": "content_block_stop", "index": index}


def test_block_of_another_kind_stops_the_block_before() -> None:
    blocks = BlockStream()
    call = tool_use("a", {"b": 1})

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


@pytest.mark.parametrize("text", ['"\\\n\t', "\u0085\u2028\u2029", "\0", "héé 🎈"])
def test_text_is_framed_unchanged(text: str) -> None:
    _, *deltas = decode_events(BlockStream().add_texts("text", [text, text]))

    assert [event["delta"]["text"] for event in deltas] == [text, text]
