"""Sending a request upstream: repetition, stop sequences, fallback models."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.catalogue.metadata import TABLE, describe
from app.catalogue.models import Catalogue
from app.catalogue.resolve import Target
from app.errors import ModelNotFound
from app.inference.sending import ChunkBatches, can_serve, fallback_targets, send
from app.translate import deltas
from app.translate.reply_writer import ToolCalls
from app.wire import token_estimate
from app.wire.completion import Chunk
from tests.apps import MakeClient
from tests.cerebras import Fake
from tests.inference.calls import make_call

GPT, QWEN = TABLE["gpt-oss-120b"], TABLE["qwen-3.8-27b"]
TARGET = Target("my-gpt", GPT)
TOOLS = [
    {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
]
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}
IMAGE = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64," + "A" * 900_000},
}
STOPS = ["AA", "BB", "CC", "DD", "EE", "FF"]


def complete(app: Flask, request: dict[str, Any]) -> Chunk:
    """Return the completion of a request in the upstream form."""
    completion = send(make_call(app, TARGET, {"stream": False}), request)
    assert isinstance(completion, Chunk)
    return completion


def stream_chunks(app: Flask, request: dict[str, Any]) -> list[Chunk]:
    """Return the chunks of a stream_texts answer."""
    answer = send(make_call(app, TARGET, {"stream": True}), request)
    assert isinstance(answer, ChunkBatches)
    chunks = [chunk for batch in answer.batches for chunk in batch]
    answer.close()
    return chunks


def make_request(content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}], **more}


def text_of(completion: Chunk) -> str:
    return deltas.delta_of(deltas.choice_of(completion)).content or ""


def stream_texts(app: Flask, request: dict[str, Any]) -> list[str]:
    """Return the text of a stream, piece by piece."""
    chunks = stream_chunks(app, request)
    pieces = [text_of(chunk) for chunk in chunks if chunk.choices]
    return [piece for piece in pieces if piece]


def answer_text(app: Flask, request: dict[str, Any], stream: bool) -> str:
    if stream:
        return "".join(stream_texts(app, request))
    return text_of(complete(app, request))


def sent_bodies(fake: Fake) -> list[dict[str, Any]]:
    return [record["body"] for record in fake.inference_requests()]


def test_plain_request_is_sent_once(app: Flask, fake: Fake) -> None:
    fake.script({"content": "Good day."}, times=2)

    assert text_of(complete(app, make_request())) == "Good day."
    assert "".join(stream_texts(app, make_request())) == "Good day."
    assert [body["stream"] for body in sent_bodies(fake)] == [False, True]
    assert {body["model"] for body in sent_bodies(fake)} == {"gpt-oss-120b"}


def test_json_object_is_requested_whole_and_streamed_in_parts(
    app: Flask, fake: Fake
) -> None:
    text = json.dumps({"town": "Oslo", "rain": True})
    fake.script({"content": text})

    pieces = stream_texts(app, make_request(response_format={"type": "json_object"}))

    assert len(pieces) > 1
    assert "".join(pieces) == text
    assert [body["stream"] for body in sent_bodies(fake)] == [False]


@pytest.mark.parametrize("stream", [False, True])
def test_more_than_four_stop_sequences_work(
    app: Flask, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "one two EE three", "delta_size": 3})
    request = make_request(stop=STOPS)

    text = answer_text(app, request, stream)

    assert text == "one two "
    assert sent_bodies(fake)[0]["stop"] == STOPS[:4]


def test_stop_sequence_that_was_not_sent_cancels_the_stream(
    app: Flask, fake: Fake
) -> None:
    fake.script({"content": "one two EE " + "more " * 50, "hold": "never", "after": 8})

    assert "".join(stream_texts(app, make_request(stop=STOPS))) == "one two "
    fake.wait_for_disconnect(fake.inference_requests()[0]["id"])


@pytest.mark.parametrize("stream", [False, True])
def test_answer_that_does_not_fit_the_schema_is_requested_again(
    app: Flask, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "No JSON at all."})
    fake.script({"content": '{"n": 5}'})
    request = make_request(tools=TOOLS, tool_choice="auto", response_format=FORM)

    text = answer_text(app, request, stream)

    first, second = sent_bodies(fake)
    assert text == '{"n": 5}'
    assert "tools" in first
    assert "response_format" not in first
    assert {"tools", "tool_choice"}.isdisjoint(second)
    assert second["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    "text",
    [{"content": '{"n": 5}'}, {"tool_calls": [{"name": "add", "arguments": {}}]}],
    ids=["it fits", "it calls a tool"],
)
def test_fitting_answer_is_requested_once(
    app: Flask, fake: Fake, text: dict[str, Any]
) -> None:
    fake.script(text)

    complete(app, make_request(tools=TOOLS, response_format=FORM))

    assert len(sent_bodies(fake)) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_tool_with_an_invalid_name_is_renamed_and_restored(
    app: Flask, fake: Fake, stream: bool
) -> None:
    tool = {"type": "function", "function": {"name": "fs.read file"}}
    request = make_request(tools=[tool], tool_choice="required")

    chunks = stream_chunks(app, request) if stream else [complete(app, request)]

    calls = ToolCalls()
    for chunk in chunks:
        for choice in chunk.choices or ():
            calls.add(deltas.delta_of(choice).tool_calls or ())
    [sent] = sent_bodies(fake)[0]["tools"]
    assert [call.name for call in calls.whole("stop")] == ["fs.read file"]
    assert sent["function"]["name"] != "fs.read file"


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (make_request(), {"max_completion_tokens": 77}),
        (make_request(max_completion_tokens=5), {"max_completion_tokens": 5}),
        ({"prompt": "once"}, {"max_tokens": 77}),
        ({"prompt": "once", "max_tokens": 5}, {"max_tokens": 5}),
    ],
    ids=["none", "its own", "raw", "raw with its own"],
)
def test_default_num_predict_is_the_cap_of_requests_without_one(
    make_client: MakeClient, fake: Fake, request_: dict[str, Any], sent: dict[str, int]
) -> None:
    capped = make_client(DEFAULT_NUM_PREDICT="77").application

    complete(capped, request_)

    caps = {
        k: v for k, v in sent_bodies(fake)[0].items() if k in token_estimate.CAP_FIELDS
    }
    assert caps == sent


@pytest.mark.parametrize("send_request", [complete, stream_chunks])
def test_retired_model_is_reported_by_the_requested_name(
    app: Flask, fake: Fake, send_request: Any
) -> None:
    fake.script({"error": "model_not_found"})

    with pytest.raises(ModelNotFound) as caught:
        send_request(app, make_request())

    assert caught.value.message == "model 'my-gpt' not found"


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(lambda: [GPT.id, QWEN.id], lambda: [], spawn=lambda work: work())


def test_served_fallback_models_are_tried_in_order(catalogue: Catalogue) -> None:
    target = Target("my-model", describe("gone"))
    fallbacks = ("qwen-3.8:27b", "never-served", "gpt-oss:120b")

    targets = fallback_targets(make_request(), target, fallbacks, catalogue)

    assert [(each.name, each.model.id) for each in targets] == [
        ("my-model", QWEN.id),
        ("my-model", GPT.id),
    ]


def test_model_is_not_its_own_fallback(catalogue: Catalogue) -> None:
    targets = fallback_targets(
        make_request(), Target("x", GPT), (GPT.id, QWEN.id), catalogue
    )

    assert [each.model for each in targets] == [QWEN]


@pytest.mark.parametrize(
    ("request_", "gpt", "qwen"),
    [
        (make_request(), True, True),
        ({"prompt": "hi"}, True, True),
        (make_request(tools=TOOLS), True, True),
        (make_request([IMAGE]), False, True),
        (make_request([IMAGE] * 6), False, False),
        (make_request("word " * 50_000), True, False),
    ],
    ids=["plain", "raw", "tools", "an image", "many images", "long"],
)
def test_model_without_a_needed_capability_is_skipped(
    request_: dict[str, Any], gpt: bool, qwen: bool
) -> None:
    assert (can_serve(GPT, request_), can_serve(QWEN, request_)) == (gpt, qwen)


def test_unknown_context_length_is_no_limit() -> None:
    without = replace(GPT, capabilities=("completion",), context_length=0)

    assert not can_serve(without, make_request(tools=TOOLS))
    assert can_serve(without, make_request("word " * 200_000, tools=[]))
