"""Replies of `/v1/responses`, streamed and whole."""

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


def frame_batches(reply: Reply, *batches: Sequence[Chunk]) -> list[bytes]:
    return [reply.dialect.encode_all(events) for events in reply.stream(batches)]


def decode_events(data: bytes) -> list[Event]:
    """Return the events of a stream; each is named after its type."""
    *frames, rest = data.decode().split("\n\n")
    assert rest == ""
    pairs = [frame.split("\n") for frame in frames if not frame.startswith(":")]
    events = [json.loads(line.removeprefix("data: ")) for _, line in pairs]
    assert [name for name, _ in pairs] == [f"event: {e['type']}" for e in events]
    return events


def stream_events(*batches: Sequence[Chunk], **body: Any) -> list[Event]:
    events = decode_events(b"".join(frame_batches(Reply(context(), body), *batches)))
    assert [e["sequence_number"] for e in events] == list(range(len(events)))
    return events


def event_names(events: Sequence[Event]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def output_items(*batches: Sequence[Chunk], **body: Any) -> list[Event]:
    output: list[Event] = stream_events(*batches, **body)[-1]["response"]["output"]
    return output


@pytest.mark.parametrize(
    ("chunks", "expected"),
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
        "empty",
        "text",
        "reasoning, text",
        "call",
        "text, call",
        "two calls",
        "alternating",
        "text after a call",
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["one batch", "many batches"])
def test_each_item_is_done_before_the_next_is_added(
    chunks: list[Chunk], expected: list[list[str]], at_once: bool
) -> None:
    all_chunks = [*chunks, finish()]
    batches = [all_chunks] if at_once else [[chunk] for chunk in all_chunks]

    events = stream_events(*batches)

    middle = [name for item in expected for name in item]
    assert event_names(events) == ["created", "in_progress", *middle, "completed"]
    indexes = [event["output_index"] for event in events[2:-1]]
    assert indexes == [index for index, item in enumerate(expected) for _ in item]
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert events[-1]["response"]["output"] == done
    assert len({item["id"] for item in done}) == len(done)


def test_events_of_an_item_agree() -> None:
    events = stream_events([said("a")], [said("b"), said("c")], [finish()])[2:-1]

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
    [reasoning] = output_items([thought("a"), thought("b")], [finish()])

    assert reasoning["summary"] == [{"type": "summary_text", "text": "ab"}]
    assert reasoning["encrypted_content"] == "ab"


def test_hidden_reasoning_is_left_out() -> None:
    reply = Reply(context(thinking=False), {})

    response = reply.fold([[thought("a"), said("b"), finish()]])

    assert [item["type"] for item in response["output"]] == ["message"]


def test_call_has_the_client_names_of_its_tool() -> None:
    batches = [called("sums__add", '{"a": 1}'), called("other", "", 1), finish()]

    add, other = output_items(batches, tools=[SUMS])

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
def test_custom_tool_gets_plain_text(arguments: str, text: str) -> None:
    events = stream_events([called("patch", arguments), finish()], tools=[CUSTOM])

    assert event_names(events[2:-1]) == [
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


def test_call_without_id_gets_one() -> None:
    [call] = output_items([called("f", "{}", id=None), finish()])

    assert call["call_id"].startswith("call_id")


@pytest.mark.parametrize(
    ("finish_reason", "reason"),
    [("length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_cut_reply_is_incomplete(finish_reason: str, reason: str) -> None:
    last = stream_events([said("a")], [finish(finish_reason)])[-1]

    response = last["response"]
    assert last["type"] == "response.incomplete"
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": reason}
    assert response["completed_at"] is None
    assert response["output"][0]["status"] == "incomplete"
    assert response["usage"]["total_tokens"] == 17


def test_cut_call_is_left_out() -> None:
    [message] = output_items([said("a"), called("f", '{"a": '), finish("length")])

    assert (message["type"], message["status"]) == ("message", "incomplete")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamError("cut short"), "api_error"),
        (RateLimited("slow down"), "rate_limit_exceeded"),
    ],
)
def test_error_is_the_last_event_and_has_the_output_so_far(
    error: CerellamaError, code: str
) -> None:
    reply = Reply(context(), {})
    stream = reply.stream([[thought("a"), said("b")]])
    sent = [*next(stream), *next(stream)]

    events = decode_events(
        reply.dialect.encode_all([*sent, reply.dialect.from_error(error)])
    )

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


def test_call_with_invalid_arguments_fails_after_the_start() -> None:
    stream = Reply(context(), {}).stream([[called("f", "{"), finish()]])

    first_events = next(stream)

    assert len(first_events) == 2
    with pytest.raises(UpstreamError, match="cannot be read"):
        next(stream)


def test_keep_alive_is_a_comment() -> None:
    assert frame_batches(Reply(context(), {}), [], [said("a"), finish()])[1] == (
        b": keep-alive\n\n"
    )


def test_whole_response_equals_the_last_event_of_a_stream() -> None:
    body = {"tools": [SUMS], "instructions": "Be brief."}
    message = {"reasoning": "a", "content": "b"}
    last = stream_events([whole(**message)], **body)[-1]["response"]

    response = Reply(context(), body).fold([[whole(**message)]])

    assert response == last
    assert [item["type"] for item in response["output"]] == ["reasoning", "message"]


def test_response_has_every_field_of_ollamas() -> None:
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


def test_response_repeats_fields_of_the_request() -> None:
    fields: dict[str, Any] = {
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

    response = Reply(context(), {**fields, "text": {"verbosity": "low"}}).fold([])

    assert response | fields == response
    assert response["text"] == {"format": {"type": "text"}, "verbosity": "low"}
