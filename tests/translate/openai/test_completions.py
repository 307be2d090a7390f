"""`/v1/completions`: requests in the upstream form, and replies."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.dialect import ReplyContext
from app.translate.openai.completions import OpenAICompletions
from app.wire.completion import Chunk
from tests.translate.builders import (
    MODEL,
    STARTED_S,
    Json,
    completion,
    last_chunk,
    make_context,
    reasoning_chunk,
    text_chunk,
)

COMPLETIONS = OpenAICompletions()
MESSAGES = [{"role": "user", "content": "Say hi"}]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"temperature": 0, "seed": 3}, {"temperature": 0, "seed": 3}),
        ({"top_p": 0}, {}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"max_tokens": 5}, {"max_completion_tokens": 5}),
        ({"max_tokens": 0}, {}),
        ({"stop": "a"}, {"stop": ["a"]}),
        ({"stop": ["a", "", "b"]}, {"stop": ["a", "b"]}),
        ({"stop": 3}, {}),
        ({"logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
        ({"logprobs": 0}, {}),
        ({"frequency_penalty": 1.0}, {"frequency_penalty": 1.0}),
        ({"echo": True, "stream": True}, {}),
    ],
)
def test_field_becomes_upstream_field(body: Json, fields: Json) -> None:
    request = COMPLETIONS.to_upstream({"prompt": "Say hi", **body}, MODEL)

    assert request == {"messages": MESSAGES, **fields}


@pytest.mark.parametrize("body", [{}, {"prompt": ""}])
def test_body_without_prompt_has_no_messages(body: Json) -> None:
    assert COMPLETIONS.to_upstream(body, MODEL) == {"messages": []}


@pytest.mark.parametrize(
    ("stop", "kind"),
    [
        ([1], "float64"),
        ([None], "<nil>"),
        ([["a"]], "[]interface {}"),
        ([True], "bool"),
    ],
)
def test_stop_other_than_text_is_refused(stop: list[Any], kind: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        COMPLETIONS.to_upstream({"prompt": "x", "stop": stop}, MODEL)

    assert refusal.value.message == f"invalid type for 'stop' field: {kind}"


def test_suffix_needs_insert() -> None:
    assert COMPLETIONS.needs({"suffix": "x"}) == {"insert": True}
    assert COMPLETIONS.needs({"suffix": ""}) == {"insert": False}


HEAD = {
    "id": "cmpl-id000000id000001id000002",
    "object": "text_completion",
    "created": STARTED_S,
    "model": "gpt-oss",
    "system_fingerprint": "fp_ollama",
}
USAGE = {"prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17}
NO_USAGE = dict.fromkeys(USAGE, 0)


def reply_context(body: Json) -> ReplyContext:
    return make_context(body=body, thinking=COMPLETIONS.shows_thinking(body))


def whole_reply(completed: Chunk, **body: Any) -> Json:
    return COMPLETIONS.reply(completed, reply_context(body))


def stream_chunks(*batches: Sequence[Chunk], **body: Any) -> list[Json]:
    """Return the chunks that a client decodes, up to `[DONE]`."""
    stream = COMPLETIONS.stream(batches, reply_context(body))
    events = [event for events in stream.events for event in events]
    *frames, done, rest = COMPLETIONS.frame_all(events).decode().split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [
        json.loads(frame.removeprefix("data: ")) for frame in frames if frame[0] != ":"
    ]


def chunk_with_logprobs(*tokens: str) -> Chunk:
    other = {"token": "z", "logprob": -3.0}
    entries = []
    for token in tokens:
        entry = {"token": token, "logprob": -0.5}
        entries.append({**entry, "bytes": [], "top_logprobs": [entry, other]})
    return text_chunk("".join(tokens), logprobs={"content": entries})


def test_whole_reply_has_ollamas_shape() -> None:
    assert whole_reply(completion(content="Hello", reasoning="hm")) == {
        **HEAD,
        "choices": [{"text": "Hello", "index": 0, "finish_reason": "stop"}],
        "usage": USAGE,
    }


def test_stream_ends_with_the_finish_reason() -> None:
    chunks = stream_chunks(
        [reasoning_chunk("hm"), text_chunk("a"), text_chunk("b")],
        [],
        [text_chunk("c"), last_chunk()],
    )

    choices = [chunk["choices"][0] for chunk in chunks]
    assert [choice["text"] for choice in choices] == ["a", "b", "c", ""]
    reasons = [choice["finish_reason"] for choice in choices]
    assert reasons == [None, None, None, "stop"]
    assert all(chunk | HEAD == chunk and "usage" not in chunk for chunk in chunks)


def test_usage_comes_last_and_is_zero_before() -> None:
    options = {"include_usage": True}

    chunks = stream_chunks([text_chunk("a"), last_chunk()], stream_options=options)

    assert [chunk["usage"] for chunk in chunks] == [NO_USAGE, NO_USAGE, USAGE]
    assert chunks[-1]["choices"] == []


@pytest.mark.parametrize(
    ("reason", "sent"), [("length", "length"), ("load", "load"), ("tool_calls", "stop")]
)
def test_finish_reason_is_that_of_the_upstream(reason: str, sent: str) -> None:
    [choice] = whole_reply(completion(reason, content=""))["choices"]

    assert choice["finish_reason"] == sent


def test_echo_puts_the_prompt_first() -> None:
    body = {"prompt": "Say: ", "echo": True}

    chunks = stream_chunks([text_chunk("a"), last_chunk()], **body)

    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["Say: ", "a", ""]
    [choice] = whole_reply(completion(content="a"), **body)["choices"]
    assert choice["text"] == "Say: a"


def test_logprobs_are_parallel_lists() -> None:
    batch = [chunk_with_logprobs("ab", "c"), last_chunk()]

    _, chunk, _ = stream_chunks(batch, prompt="é: ", echo=True)

    assert chunk["choices"][0]["logprobs"] == {
        "tokens": ["ab", "c"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{"ab": -0.5, "z": -3.0}, {"c": -0.5, "z": -3.0}],
        "text_offset": [3, 5],
    }


def test_text_offsets_continue_through_a_stream() -> None:
    first, second, last = stream_chunks(
        [chunk_with_logprobs("ab")], [chunk_with_logprobs("c"), last_chunk()]
    )

    assert first["choices"][0]["logprobs"]["text_offset"] == [0]
    assert second["choices"][0]["logprobs"]["text_offset"] == [2]
    assert "logprobs" not in last["choices"][0]


def test_debug_reply_shows_the_upstream_request() -> None:
    reply = COMPLETIONS.debug_reply({"messages": MESSAGES}, make_context())

    rendered = json.loads(reply["_debug_info"]["rendered_template"])
    assert rendered == {"messages": MESSAGES}
    assert reply["choices"] == [{"text": "", "index": 0, "finish_reason": None}]
