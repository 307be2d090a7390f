"""Upstream chunks become events in an order that every accumulator takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.errors import CerellamaError, RateLimited, UpstreamError
from app.translate.openai.responses import Reply
from app.wire.completion import Chunk
from tests.translate.openai.speech import (
    STARTED_S,
    called,
    context,
    finish,
    said,
    thought,
    whole,
)

Event = dict[str, Any]

CUSTOM = {"type": "custom", "name": "patch"}
SUMS = {
    "type": "namespace",
    "name": "sums",
    "tools": [{"type": "function", "name": "add"}],
}
REASONING = [
    "output_item.added",
    "reasoning_summary_part.added",
    "reasoning_summary_text.delta",
    "reasoning_summary_text.done",
    "reasoning_summary_part.done",
    "output_item.done",
]
MESSAGE = [
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
]
CALL = [
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
]


def writes(reply: Reply, *batches: Sequence[Chunk]) -> list[bytes]:
    return [reply.dialect.encode_all(events) for events in reply.stream(batches)]


def decoded(data: bytes) -> list[Event]:
    """The events of a stream, whose names are also their types."""
    *frames, rest = data.decode().split("\n\n")
    assert rest == ""
    pairs = [frame.split("\n") for frame in frames if not frame.startswith(":")]
    events = [json.loads(line.removeprefix("data: ")) for _, line in pairs]
    assert [name for name, _ in pairs] == [f"event: {e['type']}" for e in events]
    return events


def events_of(*batches: Sequence[Chunk], **body: Any) -> list[Event]:
    events = decoded(b"".join(writes(Reply(context(), body), *batches)))
    assert [e["sequence_number"] for e in events] == list(range(len(events)))
    return events


def names(events: Sequence[Event]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def items_of(*batches: Sequence[Chunk], **body: Any) -> list[Event]:
    output: list[Event] = events_of(*batches, **body)[-1]["response"]["output"]
    return output


@pytest.mark.parametrize(
    ("chunks", "told"),
    [
        ([], []),
        ([said("a")], [MESSAGE]),
        ([thought("a"), said("b")], [REASONING, MESSAGE]),
        ([called("f", "{}")], [CALL]),
        ([said("a"), called("f", "{}")], [MESSAGE, CALL]),
        ([called("f", "{}"), called("g", "{}", 1)], [CALL, CALL]),
        (
            [thought("a"), said("b"), thought("c"), said("d"), called("f", "{}")],
            [REASONING, MESSAGE, REASONING, MESSAGE, CALL],
        ),
        ([called("f", "{}"), said("late")], [MESSAGE, CALL]),
    ],
    ids=[
        "nothing",
        "text",
        "reasoning, text",
        "call",
        "text, call",
        "two calls",
        "back and forth",
        "text after a call",
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["one read", "a read each"])
def test_each_item_is_told_to_its_end_before_the_next(
    chunks: list[Chunk], told: list[list[str]], at_once: bool
) -> None:
    said_all = [*chunks, finish()]
    batches = [said_all] if at_once else [[chunk] for chunk in said_all]

    events = events_of(*batches)

    middle = [name for item in told for name in item]
    assert names(events) == ["created", "in_progress", *middle, "completed"]
    indexes = [event["output_index"] for event in events[2:-1]]
    assert indexes == [index for index, item in enumerate(told) for _ in item]
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert events[-1]["response"]["output"] == done
    assert len({item["id"] for item in done}) == len(done)


def test_the_events_of_one_item_agree() -> None:
    events = events_of([said("a")], [said("b"), said("c")], [finish()])[2:-1]

    added, *middle, done = events
    assert [event["delta"] for event in events if "delta" in event] == ["a", "bc"]
    assert {event["item_id"] for event in middle} == {added["item"]["id"]}
    assert added["item"] | {"content": [], "status": "in_progress"} == added["item"]
    part = {"type": "output_text", "text": "abc", "annotations": [], "logprobs": []}
    assert middle[-2]["text"] == "abc"
    assert middle[-1]["part"] == part
    assert done["item"]["content"] == [part]
    assert done["item"]["status"] == "completed"
    assert {e["content_index"] for e in middle} == {0}


def test_reasoning_can_be_sent_back() -> None:
    [reasoning] = items_of([thought("a"), thought("b")], [finish()])

    assert reasoning["summary"] == [{"type": "summary_text", "text": "ab"}]
    assert reasoning["encrypted_content"] == "ab"


def test_reasoning_is_hidden_when_the_client_wants_none() -> None:
    reply = Reply(context(thinking=False), {})

    response = reply.fold([[thought("a"), said("b"), finish()]])

    assert [item["type"] for item in response["output"]] == ["message"]


def test_a_call_is_told_by_the_names_the_client_gave() -> None:
    batches = [called("sums__add", '{"a": 1}'), called("other", "", 1), finish()]

    add, other = items_of(batches, tools=[SUMS])

    assert add | {"id": ""} == {
        "id": "",
        "type": "function_call",
        "call_id": "c0",
        "name": "add",
        "namespace": "sums",
        "status": "completed",
        "arguments": '{"a":1}',
    }
    assert (other["name"], other["arguments"]) == ("other", "{}")
    assert "namespace" not in other


@pytest.mark.parametrize(
    ("arguments", "text"),
    [('{"input": "*** Begin\\n"}', "*** Begin\n"), ('{"patch": "x"}', '{"patch":"x"}')],
)
def test_a_custom_tool_gets_its_text(arguments: str, text: str) -> None:
    events = events_of([called("patch", arguments), finish()], tools=[CUSTOM])

    assert names(events[2:-1]) == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    assert events[2]["item"]["input"] == ""
    assert (
        events[3]["delta"] == events[4]["input"] == events[5]["item"]["input"] == text
    )
    assert events[5]["item"]["type"] == "custom_tool_call"


def test_a_call_without_an_id_gets_one() -> None:
    [call] = items_of([called("f", "{}", id=None), finish()])

    assert call["call_id"].startswith("call_id")


@pytest.mark.parametrize(
    ("reason", "told"),
    [("length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_an_answer_that_was_cut_is_incomplete(reason: str, told: str) -> None:
    last = events_of([said("a")], [finish(reason)])[-1]

    response = last["response"]
    assert last["type"] == "response.incomplete"
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": told}
    assert response["completed_at"] is None
    assert response["output"][0]["status"] == "incomplete"
    assert response["usage"]["total_tokens"] == 17


def test_a_call_that_was_cut_is_left_out() -> None:
    [message] = items_of([said("a"), called("f", '{"a": '), finish("length")])

    assert (message["type"], message["status"]) == ("message", "incomplete")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamError("cut short"), "api_error"),
        (RateLimited("slow down"), "rate_limit_exceeded"),
    ],
)
def test_a_failure_is_the_last_event_and_keeps_what_there_is(
    error: CerellamaError, code: str
) -> None:
    reply = Reply(context(), {})
    stream = reply.stream([[thought("a"), said("b")]])
    told = [*next(stream), *next(stream)]

    events = decoded(reply.dialect.encode_all([*told, reply.dialect.from_error(error)]))

    response = events[-1]["response"]
    assert events[-1]["type"] == "response.failed"
    assert [e["sequence_number"] for e in events] == list(range(len(events)))
    assert response["id"] == events[0]["response"]["id"]
    assert response["error"] == {"code": code, "message": error.message}
    assert response["status"] == "failed"
    assert [(i["type"], i.get("status")) for i in response["output"]] == [
        ("reasoning", None),
        ("message", "incomplete"),
    ]


def test_a_call_that_cannot_be_read_fails_a_stream_that_has_begun() -> None:
    stream = Reply(context(), {}).stream([[called("f", "{"), finish()]])

    begun = next(stream)

    assert len(begun) == 2
    with pytest.raises(UpstreamError, match="cannot be read"):
        next(stream)


def test_silence_is_bridged_by_comments() -> None:
    assert writes(Reply(context(), {}), [], [said("a"), finish()])[1] == (
        b": keep-alive\n\n"
    )


def test_the_whole_response_is_what_the_stream_ends_with() -> None:
    body = {"tools": [SUMS], "instructions": "Be brief."}
    message = {"reasoning": "a", "content": "b"}
    ending = events_of([whole(**message)], **body)[-1]["response"]

    response = Reply(context(), body).fold([[whole(**message)]])

    assert response == ending
    assert [item["type"] for item in response["output"]] == ["reasoning", "message"]


def test_a_response_has_every_key_of_ollamas() -> None:
    response = Reply(context(), {}).fold([[said("a"), finish()]])

    assert response | {"output": []} == {
        "id": "resp_id000000id000001id000002",
        "object": "response",
        "created_at": STARTED_S,
        "completed_at": STARTED_S + 1,
        "status": "completed",
        "incomplete_details": None,
        "model": "gpt-oss",
        "previous_response_id": None,
        "instructions": None,
        "output": [],
        "error": None,
        "tools": [],
        "tool_choice": "auto",
        "truncation": "disabled",
        "parallel_tool_calls": True,
        "text": {"format": {"type": "text"}},
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "top_logprobs": 0,
        "temperature": 1,
        "reasoning": None,
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 3},
            "output_tokens": 8,
            "output_tokens_details": {"reasoning_tokens": 2},
            "total_tokens": 17,
        },
        "max_output_tokens": None,
        "max_tool_calls": None,
        "store": False,
        "background": False,
        "service_tier": "default",
        "metadata": {},
        "safety_identifier": None,
        "prompt_cache_key": None,
    }


def test_a_response_repeats_what_was_asked() -> None:
    asked: dict[str, Any] = {
        "instructions": "Be brief.",
        "tools": [SUMS],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "temperature": 0,
        "top_p": 0.5,
        "reasoning": {"effort": "low"},
        "max_output_tokens": 5,
        "metadata": {"a": "b"},
        "prompt_cache_key": "k",
    }

    response = Reply(context(), {**asked, "text": {"verbosity": "low"}}).fold([])

    assert response | asked == response
    assert response["text"] == {"format": {"type": "text"}, "verbosity": "low"}
