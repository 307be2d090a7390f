"""Upstream chunks become a reply that the SDKs accumulate without a fault."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from openai.lib.streaming._deltas import accumulate_delta

from app.translate.dialect import ReplyContext
from app.translate.openai.chat import from_chunks, from_completion
from app.translate.openai.dialect import DIALECT
from app.wire.completion import (
    Choice,
    Chunk,
    Delta,
    FunctionCall,
    TimeInfo,
    ToolCall,
    Usage,
)

STARTED_S = 1_771_400_000


def context(**fields: Any) -> ReplyContext:
    ids = itertools.count()
    return ReplyContext(
        name="gpt-oss",
        clock=lambda: (STARTED_S + 1) * 10**9,
        new_id=lambda: f"id{next(ids):06}",
        started_ns=STARTED_S * 10**9,
        prompt_tokens=7,
        **fields,
    )


def said(text: str | None = None, **fields: Any) -> Chunk:
    return Chunk([Choice(delta=Delta(content=text, **fields))])


def thought(text: str) -> Chunk:
    return said(reasoning=text)


def called(index: int | None, id: str | None, name: str | None, text: str) -> Chunk:
    function = FunctionCall(name=name, arguments=text)
    return said(tool_calls=[ToolCall(index=index, id=id, function=function)])


def finish(reason: str = "stop", *, counted: bool = True) -> Chunk:
    choice = Choice(delta=Delta(), finish_reason=reason)
    if not counted:
        return Chunk([choice])
    return Chunk([choice], usage=Usage(3, 4), time_info=TimeInfo(0.1, 0.1, 0.1, 0.3))


def writes(
    *batches: Sequence[Chunk], include_usage: bool = False, **fields: Any
) -> list[bytes]:
    events = from_chunks(batches, context(**fields), include_usage)
    return [DIALECT.encode_all(batch) for batch in events]


def objects(*batches: Sequence[Chunk], **fields: Any) -> list[dict[str, Any]]:
    """What a client decodes, up to `[DONE]`."""
    blocks = b"".join(writes(*batches, **fields)).decode().split("\n\n")
    assert blocks[-2:] == ["data: [DONE]", ""]
    frames = [block.removeprefix("data: ") for block in blocks[:-2]]
    return [json.loads(frame) for frame in frames if not frame.startswith(":")]


def deltas(*batches: Sequence[Chunk], **fields: Any) -> list[dict[str, Any]]:
    chunks = objects(*batches, **fields)
    return [chunk["choices"][0]["delta"] for chunk in chunks]


def accumulated(*batches: Sequence[Chunk], **fields: Any) -> dict[str, Any]:
    """The reply's message as openai-python puts it together."""
    message: dict[object, Any] = {}
    for delta in deltas(*batches, **fields):
        message = accumulate_delta(message, delta)
    return message  # type: ignore[return-value]


def test_every_chunk_has_one_head() -> None:
    first, *others = objects([said("a"), said("b")], [said("c"), finish()])

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


def test_text_arrives_with_the_role_told_once() -> None:
    assert deltas([said("a"), said("b")], [said("c")], [finish()]) == [
        {"role": "assistant", "content": "a"},
        {"content": "b"},
        {"content": "c"},
        {},
    ]


def test_reasoning_comes_first_beside_an_empty_content() -> None:
    assert deltas([thought("hm"), thought("so"), said("a")], [finish()]) == [
        {"role": "assistant", "content": "", "reasoning": "hm"},
        {"content": "", "reasoning": "so"},
        {"content": "a"},
        {},
    ]


def test_reasoning_is_hidden_when_the_client_wants_none() -> None:
    batches = ([thought("hm")], [thought("so"), said("a"), finish()])

    assert deltas(*batches, thinking=False) == [
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
def test_the_last_chunk_says_why_it_ended(reason: str, expected: str) -> None:
    *others, last = objects([said("a"), finish(reason)])

    assert last["choices"] == [{"index": 0, "delta": {}, "finish_reason": expected}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in others] == [None]


def test_an_empty_answer_still_opens_with_a_role() -> None:
    assert deltas([finish()]) == [{"role": "assistant", "content": ""}, {}]


def test_nothing_is_held_back() -> None:
    batches = ([said("a")], [said("b"), said("c")], [finish()])

    written = writes(*batches)

    assert [write.count(b"data: ") for write in written] == [1, 2, 2]


@pytest.mark.parametrize("reason", ["stop", "tool_calls"])
def test_fragments_of_calls_become_whole_calls(reason: str) -> None:
    message = accumulated(
        [said("Let me see.")],
        [called(0, "aa", "look", "")],
        [called(0, None, None, '{"b": 1'), called(1, "bb", "find", '{"z": 1, "a":')],
        [called(0, None, None, "}"), called(1, None, None, " 2}"), finish(reason)],
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


def test_calls_show_in_the_reason() -> None:
    chunks = objects([called(0, "aa", "look", "{}"), finish("stop")])

    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_an_answer_cut_short_says_so_even_with_calls() -> None:
    cut = called(1, "bb", "find", '{"a":')

    first, last = objects([called(0, "aa", "look", "{}"), cut, finish("length")])

    calls = first["choices"][0]["delta"]["tool_calls"]
    assert [call["id"] for call in calls] == ["aa"]
    assert last["choices"][0]["finish_reason"] == "length"


def test_calls_without_index_or_id_are_told_apart() -> None:
    batch = [called(None, None, "look", "{}"), called(None, None, "find", "")]

    calls = accumulated([*batch, finish()])["tool_calls"]

    assert [call["index"] for call in calls] == [0, 1]
    assert len({call["id"] for call in calls}) == 2
    assert all(call["id"].startswith("call_") for call in calls)
    assert [call["function"]["arguments"] for call in calls] == ["{}", "{}"]


def test_usage_comes_last_when_it_is_asked_for() -> None:
    finished, counted = objects([said("a")], [finish()], include_usage=True)[-2:]

    assert finished["choices"][0]["finish_reason"] == "stop"
    assert counted["choices"] == []
    assert counted["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
    }


def test_usage_is_not_told_otherwise() -> None:
    assert all("usage" not in chunk for chunk in objects([said("a"), finish()]))


def test_usage_may_come_in_a_chunk_of_its_own() -> None:
    alone = Chunk([], usage=Usage(5, 6))

    batches = ([said("a")], [finish(counted=False)], [alone])

    assert objects(*batches, include_usage=True)[-1]["usage"]["total_tokens"] == 11


def test_usage_that_never_came_is_estimated() -> None:
    batches = ([said("a"), said("b")], [finish(counted=False)])

    assert objects(*batches, include_usage=True)[-1]["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 2,
        "total_tokens": 9,
    }


def test_the_end_is_told_once_whatever_follows() -> None:
    written = b"".join(writes([said("a"), finish()], [], [Chunk()]))

    assert written.endswith(b"data: [DONE]\n\n")
    assert written.count(b"[DONE]") == 1
    assert b"keep-alive" not in written


def test_silence_is_a_comment() -> None:
    assert writes([], [said("a")], [], [finish()])[::2] == [b": keep-alive\n\n"] * 2


@pytest.mark.parametrize("text", ['"\\\n\t', "\u0085\u2028\u2029", "\0", "héé 🎈"])
def test_any_text_arrives_as_it_was(text: str) -> None:
    batches = ([said(text)], [said(text), said(text)], [finish()])

    written = b"".join(writes(*batches))

    assert accumulated(*batches)["content"] == text * 3
    assert not {"\u0085", "\u2028", "\u2029"} & set(written.decode())


LOGPROBS = {"content": [{"token": "a", "logprob": -0.5, "bytes": [97]}]}


def test_logprobs_ride_on_their_text() -> None:
    chunk = Chunk([Choice(delta=Delta(content="a"), logprobs=LOGPROBS)])

    first, second, last = objects([chunk, said("b"), finish()])

    assert first["choices"][0]["logprobs"] == LOGPROBS
    assert "logprobs" not in second["choices"][0]
    assert "logprobs" not in last["choices"][0]


def whole(reason: str = "stop", logprobs: Any = None, **message: Any) -> Chunk:
    choice = Choice(message=Delta(**message), finish_reason=reason, logprobs=logprobs)
    return Chunk([choice], usage=Usage(3, 4))


def test_a_whole_answer_is_one_object() -> None:
    completion = whole(content="a", reasoning="hm", logprobs=LOGPROBS)

    assert from_completion(completion, context()) == {
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
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


def test_a_whole_answer_that_calls_has_an_empty_text() -> None:
    function = FunctionCall("look", '{"city": "Paris"}')
    completion = whole("tool_calls", tool_calls=[ToolCall(None, "aa", function)])

    [choice] = from_completion(completion, context())["choices"]

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


def test_a_whole_answer_hides_reasoning_too() -> None:
    completion = whole("length", reasoning="hm")

    told = from_completion(completion, replace(context(), thinking=False))

    [choice] = told["choices"]
    assert choice["message"] == {"role": "assistant", "content": ""}
    assert choice["finish_reason"] == "length"


def test_both_modes_tell_the_same() -> None:
    function = FunctionCall("look", "{}")
    fields: dict[str, Any] = {
        "content": "a b",
        "reasoning": "hm",
        "tool_calls": [ToolCall(0, "aa", function)],
    }

    streamed = accumulated([Chunk([Choice(delta=Delta(**fields))]), finish()])
    [choice] = from_completion(whole(**fields), context())["choices"]

    assert streamed == choice["message"]
