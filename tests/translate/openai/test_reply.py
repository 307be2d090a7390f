"""Replies of `/v1/chat/completions`, whole and as the SDKs accumulate them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from openai.lib.streaming._deltas import accumulate_delta

from app.translate.openai.chat import OpenAIChat
from app.wire.completion import Choice, Chunk, Delta, FunctionCall, ToolCall, Usage
from tests.translate.builders import (
    STARTED_S,
    completion,
    last_chunk,
    make_context,
    reasoning_chunk,
    text_chunk,
    tool_call_chunk,
)

CHAT = OpenAIChat()
INCLUDE_USAGE = {"stream_options": {"include_usage": True}}


def write_stream(*batches: Sequence[Chunk], **context: Any) -> list[bytes]:
    """Return the bytes for each batch."""
    stream = CHAT.stream(batches, make_context(**context))
    return [CHAT.frame_all(events) for events in stream]


def stream_chunks(*batches: Sequence[Chunk], **context: Any) -> list[dict[str, Any]]:
    """Return the chunks that a client decodes, up to `[DONE]`."""
    frames = b"".join(write_stream(*batches, **context)).decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    chunks = [frame.removeprefix("data: ") for frame in frames[:-2]]
    return [json.loads(chunk) for chunk in chunks if not chunk.startswith(":")]


def stream_deltas(*batches: Sequence[Chunk], **context: Any) -> list[dict[str, Any]]:
    chunks = stream_chunks(*batches, **context)
    return [chunk["choices"][0]["delta"] for chunk in chunks]


def accumulate(*batches: Sequence[Chunk], **context: Any) -> dict[str, Any]:
    """Return the message as openai-python accumulates it."""
    message: dict[object, Any] = {}
    for delta in stream_deltas(*batches, **context):
        message = accumulate_delta(message, delta)
    return message  # type: ignore[return-value]


def test_all_chunks_have_the_same_head() -> None:
    first, *others = stream_chunks(
        [text_chunk("a"), text_chunk("b")], [text_chunk("c"), last_chunk()]
    )

    assert first | {"choices": []} == {
        "id": "chatcmpl-id000000id000001id000002",
        "object": "chat.completion.chunk",
        "created": STARTED_S,
        "model": "gpt-oss",
        "system_fingerprint": "fp_ollama",
        "choices": [],
    }
    assert {tuple(chunk)[:5] for chunk in others} == {tuple(first)[:5]}
    assert {chunk["id"] for chunk in others} == {first["id"]}
    assert {chunk["created"] for chunk in others} == {STARTED_S}


def test_only_the_first_delta_has_a_role() -> None:
    assert stream_deltas(
        [text_chunk("a"), text_chunk("b")], [text_chunk("c")], [last_chunk()]
    ) == [
        {"role": "assistant", "content": "a"},
        {"content": "b"},
        {"content": "c"},
        {},
    ]


def test_reasoning_delta_has_empty_content() -> None:
    assert stream_deltas(
        [reasoning_chunk("hm"), reasoning_chunk("so"), text_chunk("a")], [last_chunk()]
    ) == [
        {"role": "assistant", "content": "", "reasoning": "hm"},
        {"content": "", "reasoning": "so"},
        {"content": "a"},
        {},
    ]


def test_hidden_reasoning_is_not_sent() -> None:
    batches = (
        [reasoning_chunk("hm")],
        [reasoning_chunk("so"), text_chunk("a"), last_chunk()],
    )

    assert stream_deltas(*batches, thinking=False) == [
        {"role": "assistant", "content": "a"},
        {},
    ]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "stop"),
    ],
)
def test_last_chunk_has_the_finish_reason(reason: str, expected: str) -> None:
    *others, last = stream_chunks([text_chunk("a"), last_chunk(reason)])

    assert last["choices"] == [{"index": 0, "delta": {}, "finish_reason": expected}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in others] == [None]


def test_empty_reply_has_a_role() -> None:
    assert stream_deltas([last_chunk()]) == [{"role": "assistant", "content": ""}, {}]


def test_each_batch_is_written_at_once() -> None:
    batches = ([text_chunk("a")], [text_chunk("b"), text_chunk("c")], [last_chunk()])

    written = write_stream(*batches)

    assert [write.count(b"data: ") for write in written] == [1, 2, 2]


@pytest.mark.parametrize("reason", ["stop", "tool_calls"])
def test_tool_call_fragments_become_whole_calls(reason: str) -> None:
    message = accumulate(
        [text_chunk("Let me see.")],
        [tool_call_chunk(0, "aa", "look", "")],
        [
            tool_call_chunk(0, None, None, '{"b": 1'),
            tool_call_chunk(1, "bb", "find", '{"z": 1, "a":'),
        ],
        [
            tool_call_chunk(0, None, None, "}"),
            tool_call_chunk(1, None, None, " 2}"),
            last_chunk(reason),
        ],
    )

    assert message["role"] == "assistant"
    assert message["content"] == "Let me see."
    assert message["tool_calls"] == [
        {
            "id": "aa",
            "index": 0,
            "type": "function",
            "function": {"name": "look", "arguments": '{"b":1}'},
        },
        {
            "id": "bb",
            "index": 1,
            "type": "function",
            "function": {"name": "find", "arguments": '{"z":1,"a":2}'},
        },
    ]


def test_finish_reason_is_tool_calls_if_there_are_any() -> None:
    chunks = stream_chunks([tool_call_chunk(0, "aa", "look", "{}"), last_chunk("stop")])

    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_finish_reason_length_wins_over_tool_calls() -> None:
    cut = tool_call_chunk(1, "bb", "find", '{"a":')

    first, last = stream_chunks(
        [tool_call_chunk(0, "aa", "look", "{}"), cut, last_chunk("length")]
    )

    calls = first["choices"][0]["delta"]["tool_calls"]
    assert [call["id"] for call in calls] == ["aa"]
    assert last["choices"][0]["finish_reason"] == "length"


def test_tool_calls_without_index_or_id_get_their_own() -> None:
    batch = [
        tool_call_chunk(None, None, "look", "{}"),
        tool_call_chunk(None, None, "find", ""),
    ]

    calls = accumulate([*batch, last_chunk()])["tool_calls"]

    assert [call["index"] for call in calls] == [0, 1]
    assert len({call["id"] for call in calls}) == 2
    assert all(call["id"].startswith("call_") for call in calls)
    assert [call["function"]["arguments"] for call in calls] == ["{}", "{}"]


def test_usage_comes_last_with_include_usage() -> None:
    finished, counted = stream_chunks(
        [text_chunk("a")], [last_chunk()], body=INCLUDE_USAGE
    )[-2:]

    assert finished["choices"][0]["finish_reason"] == "stop"
    assert counted["choices"] == []
    assert counted["usage"] == {
        "prompt_tokens": 9,
        "completion_tokens": 8,
        "total_tokens": 17,
    }


def test_usage_is_absent_without_include_usage() -> None:
    assert all(
        "usage" not in chunk for chunk in stream_chunks([text_chunk("a"), last_chunk()])
    )


def test_usage_can_come_in_its_own_chunk() -> None:
    alone = Chunk([], usage=Usage(5, 6))

    batches = ([text_chunk("a")], [last_chunk(usage=None)], [alone])

    assert (
        stream_chunks(*batches, body=INCLUDE_USAGE)[-1]["usage"]["total_tokens"] == 11
    )


def test_missing_usage_is_estimated() -> None:
    batches = ([text_chunk("a"), text_chunk("b")], [last_chunk(usage=None)])

    assert stream_chunks(*batches, body=INCLUDE_USAGE)[-1]["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 2,
        "total_tokens": 9,
    }


def test_stream_ends_once() -> None:
    written = b"".join(write_stream([text_chunk("a"), last_chunk()], [], [Chunk()]))

    assert written.endswith(b"data: [DONE]\n\n")
    assert written.count(b"[DONE]") == 1
    assert b"keep-alive" not in written


def test_keep_alive_is_a_comment() -> None:
    assert (
        write_stream([], [text_chunk("a")], [], [last_chunk()])[::2]
        == [b": keep-alive\n\n"] * 2
    )


@pytest.mark.parametrize("text", ['"\\\n\t', "\u0085\u2028\u2029", "\0", "héé 🎈"])
def test_text_is_not_changed(text: str) -> None:
    batches = ([text_chunk(text)], [text_chunk(text), text_chunk(text)], [last_chunk()])

    written = b"".join(write_stream(*batches))

    assert accumulate(*batches)["content"] == text * 3
    assert not {"\u0085", "\u2028", "\u2029"} & set(written.decode())


LOGPROBS = {"content": [{"token": "a", "logprob": -0.5, "bytes": [97]}]}


def test_logprobs_are_in_the_chunk_of_their_text() -> None:
    first, second, last = stream_chunks(
        [text_chunk("a", logprobs=LOGPROBS), text_chunk("b"), last_chunk()]
    )

    assert first["choices"][0]["logprobs"] == LOGPROBS
    assert "logprobs" not in second["choices"][0]
    assert "logprobs" not in last["choices"][0]


def test_whole_reply_is_one_object() -> None:
    completed = completion(content="a", reasoning="hm", logprobs=LOGPROBS)

    assert CHAT.reply(completed, make_context()) == {
        "id": "chatcmpl-id000000id000001id000002",
        "object": "chat.completion",
        "created": STARTED_S,
        "model": "gpt-oss",
        "system_fingerprint": "fp_ollama",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "a", "reasoning": "hm"},
                "finish_reason": "stop",
                "logprobs": LOGPROBS,
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17},
    }


def test_whole_reply_with_tool_calls_has_empty_content() -> None:
    function = FunctionCall("look", '{"city": "Paris"}')
    completed = completion("tool_calls", tool_calls=[ToolCall(None, "aa", function)])

    [choice] = CHAT.reply(completed, make_context())["choices"]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": "aa",
                "index": 0,
                "type": "function",
                "function": {"name": "look", "arguments": '{"city":"Paris"}'},
            }
        ],
    }


def test_whole_reply_hides_reasoning() -> None:
    completed = completion("length", reasoning="hm")

    reply = CHAT.reply(completed, make_context(thinking=False))

    [choice] = reply["choices"]
    assert choice["message"] == {"role": "assistant", "content": ""}
    assert choice["finish_reason"] == "length"


def test_stream_and_whole_reply_have_the_same_message() -> None:
    function = FunctionCall("look", "{}")
    fields: dict[str, Any] = {
        "content": "a b",
        "reasoning": "hm",
        "tool_calls": [ToolCall(0, "aa", function)],
    }

    streamed = accumulate([Chunk([Choice(delta=Delta(**fields))]), last_chunk()])
    [choice] = CHAT.reply(completion(**fields), make_context())["choices"]

    assert streamed == choice["message"]
