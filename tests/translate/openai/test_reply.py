"""Replies of `/v1/chat/completions`, whole and as the SDKs accumulate them."""

import functools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from openai.lib.streaming._deltas import accumulate_delta

from app.translate.openai.chat import OpenAIChat
from app.wire.completion import Chunk, FunctionCall, ToolCall
from tests.translate.builders import (
    STARTED_S,
    Json,
    completion,
    function,
    last_chunk,
    make_context,
    message,
    reasoning_chunk,
    text_chunk,
    tool_call_chunk,
)

CHAT = OpenAIChat()
COUNTED = {"prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17}
INCLUDE_USAGE = {"stream_options": {"include_usage": True}}


def write_stream(*batches: Sequence[Chunk], **context: Any) -> list[bytes]:
    """Return the bytes for each batch."""
    stream = CHAT.stream(batches, make_context(**context))
    return [CHAT.frame_all(events) for events in stream.events]


def stream_chunks(*batches: Sequence[Chunk], **context: Any) -> list[Json]:
    """Return the chunks that a client decodes, up to `[DONE]`."""
    frames = b"".join(write_stream(*batches, **context)).decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    chunks = [frame.removeprefix("data: ") for frame in frames[:-2]]
    return [json.loads(chunk) for chunk in chunks if not chunk.startswith(":")]


def stream_deltas(*batches: Sequence[Chunk], **context: Any) -> list[Json]:
    chunks = stream_chunks(*batches, **context)
    return [chunk["choices"][0]["delta"] for chunk in chunks]


def accumulate(*batches: Sequence[Chunk], **context: Any) -> Json:
    """Return the message as openai-python accumulates it."""
    deltas = stream_deltas(*batches, **context)
    return functools.reduce(accumulate_delta, deltas, {})  # type: ignore[arg-type]


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


def test_first_delta_has_the_role_and_every_delta_has_content() -> None:
    reasoning = [reasoning_chunk("hm"), reasoning_chunk("so")]

    assert stream_deltas(reasoning, [text_chunk("a")], [last_chunk()]) == [
        {"role": "assistant", "content": "", "reasoning": "hm"},
        {"content": "", "reasoning": "so"},
        {"content": "a"},
        {},
    ]


def test_hidden_reasoning_is_not_sent() -> None:
    chunks = [reasoning_chunk("so"), text_chunk("a"), last_chunk()]

    deltas = stream_deltas([reasoning_chunk("hm")], chunks, thinking=False)

    assert deltas == [message("assistant", "a"), {}]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
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


def call(id: str, index: int, name: str, arguments: str) -> Json:
    return {"id": id, "index": index, **function(name, arguments=arguments)}


def test_tool_call_fragments_become_whole_calls() -> None:
    batches = (
        [text_chunk("Let me see.")],
        [tool_call_chunk(0, "aa", "look", "")],
        [
            tool_call_chunk(0, None, None, '{"b": 1}'),
            tool_call_chunk(1, "bb", "find", '{"z": 1, "a": 2}'),
            last_chunk("stop"),
        ],
    )

    calls = [call("aa", 0, "look", '{"b":1}'), call("bb", 1, "find", '{"z":1,"a":2}')]
    assert accumulate(*batches) == message("assistant", "Let me see.", tool_calls=calls)
    assert stream_chunks(*batches)[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_tool_calls_without_index_or_id_get_their_own() -> None:
    batch = [tool_call_chunk(None, None, name, "") for name in ("look", "find")]

    look, find = accumulate([*batch, last_chunk()])["tool_calls"]

    assert look == call("call_id000003", 0, "look", "{}")
    assert find == call("call_id000004", 1, "find", "{}")


def test_usage_comes_last_with_include_usage() -> None:
    finished, counted = stream_chunks(
        [text_chunk("a")], [last_chunk()], body=INCLUDE_USAGE
    )[-2:]

    assert finished["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in finished
    assert counted["choices"] == []
    assert counted["usage"] == COUNTED


def test_usage_is_absent_without_include_usage() -> None:
    chunks = stream_chunks([text_chunk("a"), last_chunk()])

    assert not any("usage" in chunk for chunk in chunks)


def test_keep_alive_is_a_comment() -> None:
    first, _, third, _ = write_stream([], [text_chunk("a")], [], [last_chunk()])

    assert first == third == b": keep-alive\n\n"


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
                "message": message("assistant", "a", reasoning="hm"),
                "finish_reason": "stop",
                "logprobs": LOGPROBS,
            }
        ],
        "usage": COUNTED,
    }


@pytest.mark.parametrize(
    ("reason", "expected"), [("stop", "tool_calls"), ("length", "length")]
)
def test_whole_reply_with_tool_calls_has_empty_content(
    reason: str, expected: str
) -> None:
    calls = [ToolCall(None, "aa", FunctionCall("look", '{"city": "Paris"}'))]

    reply = CHAT.reply(completion(reason, tool_calls=calls), make_context())

    [choice] = reply["choices"]
    tool_calls = [call("aa", 0, "look", '{"city":"Paris"}')]
    assert choice["message"] == message("assistant", tool_calls=tool_calls)
    assert choice["finish_reason"] == expected
