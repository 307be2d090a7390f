"""Replies of `/v1/responses`, streamed and whole."""

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
    Json,
    completion,
    last_chunk,
    make_context,
    reasoning_chunk,
    text_chunk,
    tool_call_chunk,
)

DIALECT = OpenAIResponses()

CUSTOM = {"type": "custom", "name": "patch"}
ADD = {"type": "function", "name": "add"}
SUMS = {"type": "namespace", "name": "sums", "tools": [ADD]}


def item_events(part: str, text: str) -> list[str]:
    """Return the names of the events of an item with one part."""
    names = f"{part}.added {text}.delta {text}.done {part}.done".split()
    return ["output_item.added", *names, "output_item.done"]


def call_events(text: str) -> list[str]:
    names = [f"{text}.delta", f"{text}.done"]
    return ["output_item.added", *names, "output_item.done"]


REASONING = item_events("reasoning_summary_part", "reasoning_summary_text")
MESSAGE = item_events("content_part", "output_text")
CALL = call_events("function_call_arguments")


def call_chunk(
    name: str, arguments: str, index: int = 0, id: str | None = "c"
) -> Chunk:
    return tool_call_chunk(index, id and f"{id}{index}", name, arguments)


def open_stream(*batches: Sequence[Chunk], **body: Any) -> EventStream:
    return DIALECT.stream(batches, make_context(body=body))


def whole_response(chunk: Chunk, **body: Any) -> Json:
    return DIALECT.reply(chunk, make_context(body=body))


def decode_events(data: bytes) -> list[Json]:
    """Return the events of a stream; each is named after its type."""
    *frames, rest = data.decode().split("\n\n")
    assert rest == ""
    pairs = [frame.split("\n") for frame in frames if not frame.startswith(":")]
    events = [json.loads(line.removeprefix("data: ")) for _, line in pairs]
    assert [name for name, _ in pairs] == [f"event: {e['type']}" for e in events]
    return events


def stream_events(*batches: Sequence[Chunk], **body: Any) -> list[Json]:
    stream = open_stream(*batches, **body)
    events = decode_events(b"".join(map(DIALECT.frame_all, stream.events)))
    assert [e["sequence_number"] for e in events] == list(range(len(events)))
    return events


def event_names(events: Sequence[Json]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def output_items(*batches: Sequence[Chunk], **body: Any) -> list[Json]:
    output: list[Json] = stream_events(*batches, **body)[-1]["response"]["output"]
    return output


THOUGHT, TEXT = reasoning_chunk("a"), text_chunk("b")
F, G = call_chunk("f", "{}"), call_chunk("g", "{}", 1)
ANSWERS: dict[str, tuple[list[Chunk], list[list[str]]]] = {
    "empty": ([], []),
    "text": ([TEXT], [MESSAGE]),
    "two calls": ([F, G], [CALL, CALL]),
    "alternating": (
        [THOUGHT, TEXT, THOUGHT, TEXT, F],
        [REASONING, MESSAGE, REASONING, MESSAGE, CALL],
    ),
    "text after a call": ([F, TEXT], [MESSAGE, CALL]),
}


@pytest.mark.parametrize(("chunks", "expected"), ANSWERS.values(), ids=ANSWERS)
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
    texts = [e for e in middle if e["type"].startswith("response.output_text")]
    assert [e["logprobs"] for e in texts] == [[], [], []]


def test_chunk_with_logprobs_but_without_text_is_no_event() -> None:
    empty = text_chunk("", logprobs={"content": []})

    events = stream_events([empty], [text_chunk("a")], [last_chunk()])

    assert [event["delta"] for event in events if "delta" in event] == ["a"]


def test_reasoning_can_be_sent_back_when_it_is_done() -> None:
    events = stream_events([reasoning_chunk("a"), reasoning_chunk("b")], [last_chunk()])

    [reasoning] = events[-1]["response"]["output"]
    assert "encrypted_content" not in events[2]["item"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "ab"}]
    assert reasoning["encrypted_content"] == "ab"


def test_hidden_reasoning_is_left_out() -> None:
    context = make_context(thinking=False)

    response = DIALECT.reply(completion(reasoning="a", content="b"), context)

    assert [item["type"] for item in response["output"]] == ["message"]


def test_call_has_the_client_names_of_its_tool() -> None:
    batch = [call_chunk("sums__add", '{"a": 1}'), call_chunk("other", "", 1)]

    add, other = output_items([*batch, last_chunk()], tools=[SUMS])

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

    added, delta, done, item_done = events[2:-1]
    assert event_names(events[2:-1]) == call_events("custom_tool_call_input")
    assert added["item"]["input"] == ""
    assert delta["delta"] == done["input"] == item_done["item"]["input"] == text
    assert item_done["item"]["type"] == "custom_tool_call"


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


def test_text_before_a_call_is_complete_even_if_the_reply_is_cut() -> None:
    message, _ = output_items([TEXT, F, last_chunk("length")])

    assert message["status"] == "completed"


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
    batches = iter(stream.events)
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
    stream = iter(open_stream([call_chunk("f", "{"), last_chunk()]).events)

    first_events = next(stream)

    assert len(first_events) == 2
    with pytest.raises(UpstreamError, match="cannot be read"):
        next(stream)


def test_keep_alive_is_a_comment() -> None:
    _, second, _ = open_stream([], [text_chunk("a"), last_chunk()]).events

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

    nulls = (
        "incomplete_details previous_response_id instructions error reasoning "
        "max_output_tokens max_tool_calls safety_identifier prompt_cache_key"
    )
    assert response | {"output": []} == {
        **dict.fromkeys(nulls.split()),
        "id": "resp_id000000id000001id000002",
        "object": "response",
        "created_at": STARTED_S,
        "completed_at": STARTED_S + 1,
        "status": "completed",
        "model": "gpt-oss",
        "output": [],
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
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 3},
            "output_tokens": 8,
            "output_tokens_details": {"reasoning_tokens": 2},
            "total_tokens": 17,
        },
        "store": False,
        "background": False,
        "service_tier": "default",
        "metadata": {},
    }


def test_response_repeats_fields_of_the_request() -> None:
    fields: Json = {"instructions": "Be brief.", "tools": [SUMS], "temperature": 0}
    fields |= {"tool_choice": "required", "parallel_tool_calls": False, "top_p": 0.5}
    fields |= {"reasoning": {"effort": "low"}, "max_output_tokens": 5}
    fields |= {"metadata": {"a": "b"}, "prompt_cache_key": "k"}

    response = whole_response(completion(), **fields, text={"verbosity": "low"})

    assert response | fields == response
    assert response["text"] == {"format": {"type": "text"}, "verbosity": "low"}
