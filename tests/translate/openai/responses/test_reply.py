"""Replies of `/v1/responses`, streamed and whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.errors import CerellamaError, RateLimited, UpstreamError
from app.translate.dialect import EventStream
from app.translate.openai.responses import OpenAIResponses
from app.wire.completion import Chunk
from tests.translate.builders import (
    STARTED_S,
    completion,
    last_chunk,
    make_context,
    reasoning_chunk,
    text_chunk,
    tool_call_chunk,
)

Event = dict[str, Any]

DIALECT = OpenAIResponses()

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


def call_chunk(
    name: str, arguments: str, index: int = 0, id: str | None = "c"
) -> Chunk:
    return tool_call_chunk(index, id and f"{id}{index}", name, arguments)


def open_stream(*batches: Sequence[Chunk], **body: Any) -> EventStream:
    return DIALECT.stream(batches, make_context(body=body))


def whole_response(chunk: Chunk, **body: Any) -> dict[str, Any]:
    return DIALECT.reply(chunk, make_context(body=body))


def decode_events(data: bytes) -> list[Event]:
    """Return the events of a stream; each is named after its type."""
    *frames, rest = data.decode().split("\n\n")
    assert rest == ""
    pairs = [frame.split("\n") for frame in frames if not frame.startswith(":")]
    events = [json.loads(line.removeprefix("data: ")) for _, line in pairs]
    assert [name for name, _ in pairs] == [f"event: {e['type']}" for e in events]
    return events


def stream_events(*batches: Sequence[Chunk], **body: Any) -> list[Event]:
    stream = open_stream(*batches, **body)
    events = decode_events(b"".join(map(DIALECT.frame_all, stream)))
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
        ([text_chunk("a")], [MESSAGE]),
        ([reasoning_chunk("a"), text_chunk("b")], [REASONING, MESSAGE]),
        ([call_chunk("f", "{}")], [CALL]),
        ([text_chunk("a"), call_chunk("f", "{}")], [MESSAGE, CALL]),
        ([call_chunk("f", "{}"), call_chunk("g", "{}", 1)], [CALL, CALL]),
        (
            [
                reasoning_chunk("a"),
                text_chunk("b"),
                reasoning_chunk("c"),
                text_chunk("d"),
                call_chunk("f", "{}"),
            ],
            [REASONING, MESSAGE, REASONING, MESSAGE, CALL],
        ),
        ([call_chunk("f", "{}"), text_chunk("late")], [MESSAGE, CALL]),
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
    all_chunks = [*chunks, last_chunk()]
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
    events = stream_events(
        [text_chunk("a")], [text_chunk("b"), text_chunk("c")], [last_chunk()]
    )[2:-1]

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
    [reasoning] = output_items(
        [reasoning_chunk("a"), reasoning_chunk("b")], [last_chunk()]
    )

    assert reasoning["summary"] == [{"type": "summary_text", "text": "ab"}]
    assert reasoning["encrypted_content"] == "ab"


def test_hidden_reasoning_is_left_out() -> None:
    context = make_context(thinking=False)

    response = DIALECT.reply(completion(reasoning="a", content="b"), context)

    assert [item["type"] for item in response["output"]] == ["message"]


def test_call_has_the_client_names_of_its_tool() -> None:
    batches = [
        call_chunk("sums__add", '{"a": 1}'),
        call_chunk("other", "", 1),
        last_chunk(),
    ]

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
    events = stream_events(
        [call_chunk("patch", arguments), last_chunk()], tools=[CUSTOM]
    )

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
    [call] = output_items([call_chunk("f", "{}", id=None), last_chunk()])

    assert call["call_id"].startswith("call_id")


@pytest.mark.parametrize(
    ("finish_reason", "reason"),
    [("length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_cut_reply_is_incomplete(finish_reason: str, reason: str) -> None:
    last = stream_events([text_chunk("a")], [last_chunk(finish_reason)])[-1]

    response = last["response"]
    assert last["type"] == "response.incomplete"
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": reason}
    assert response["completed_at"] is None
    assert response["output"][0]["status"] == "incomplete"
    assert response["usage"]["total_tokens"] == 17


def test_cut_call_is_left_out() -> None:
    [message] = output_items(
        [text_chunk("a"), call_chunk("f", '{"a": '), last_chunk("length")]
    )

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
    stream = open_stream([reasoning_chunk("a"), text_chunk("b")])
    batches = iter(stream)
    sent = [*next(batches), *next(batches)]

    events = decode_events(DIALECT.frame_all([*sent, stream.error(error)]))

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
    stream = iter(open_stream([call_chunk("f", "{"), last_chunk()]))

    first_events = next(stream)

    assert len(first_events) == 2
    with pytest.raises(UpstreamError, match="cannot be read"):
        next(stream)


def test_keep_alive_is_a_comment() -> None:
    _, second, _ = open_stream([], [text_chunk("a"), last_chunk()])

    assert second == [b": keep-alive\n\n"]


def test_whole_response_equals_the_last_event_of_a_stream() -> None:
    body = {"tools": [SUMS], "instructions": "Be brief."}
    message = {"reasoning": "a", "content": "b"}
    last = stream_events([completion(**message)], **body)[-1]["response"]

    response = whole_response(completion(**message), **body)

    assert response == last
    assert [item["type"] for item in response["output"]] == ["reasoning", "message"]


def test_response_has_every_field_of_ollamas() -> None:
    response = whole_response(completion(content="a"))

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

    response = whole_response(
        completion(content="a"), **fields, text={"verbosity": "low"}
    )

    assert response | fields == response
    assert response["text"] == {"format": {"type": "text"}, "verbosity": "low"}
