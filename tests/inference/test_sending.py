"""Asking the upstream in the way that a request needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from app.catalogue.metadata import TABLE
from app.catalogue.resolve import Target
from app.errors import ModelNotFound
from app.inference.sending import ChunkBatches, send
from app.translate import deltas
from app.wire import token_estimate
from app.wire.completion import Chunk
from tests.apps import MakeClient
from tests.cerebras import Fake
from tests.inference.calls import make_call

GPT = Target("my-gpt", TABLE["gpt-oss-120b"])
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
STOPS = ["AA", "BB", "CC", "DD", "EE", "FF"]


def complete(app: Flask, request: dict[str, Any]) -> Chunk:
    """Return the completion of a request in the upstream form."""
    completion = send(make_call(app, GPT, {"stream": False}), request)
    assert isinstance(completion, Chunk)
    return completion


def stream_chunks(app: Flask, request: dict[str, Any]) -> list[Chunk]:
    """Return the chunks of a streamed answer."""
    answer = send(make_call(app, GPT, {"stream": True}), request)
    assert isinstance(answer, ChunkBatches)
    chunks = [chunk for batch in answer.batches for chunk in batch]
    answer.close()
    return chunks


def ask(**more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "hello"}], **more}


def content(completion: Chunk) -> str:
    choice = deltas.choice_of(completion)
    assert choice is not None
    return deltas.delta_of(choice).content or ""


def streamed(app: Flask, request: dict[str, Any]) -> list[str]:
    """Return the text of a stream, piece by piece."""
    chunks = stream_chunks(app, request)
    pieces = [content(chunk) for chunk in chunks if chunk.choices]
    return [piece for piece in pieces if piece]


def bodies(fake: Fake) -> list[dict[str, Any]]:
    return [record["body"] for record in fake.inference_requests()]


def test_most_requests_are_one_call(app: Flask, fake: Fake) -> None:
    fake.script({"content": "Good day."}, times=2)

    assert content(complete(app, ask())) == "Good day."
    assert "".join(streamed(app, ask())) == "Good day."
    assert [body["stream"] for body in bodies(fake)] == [False, True]
    assert {body["model"] for body in bodies(fake)} == {"gpt-oss-120b"}


def test_a_json_object_is_asked_for_whole_and_handed_on_in_parts(
    app: Flask, fake: Fake
) -> None:
    said = json.dumps({"town": "Oslo", "rain": True})
    fake.script({"content": said})

    pieces = streamed(app, ask(response_format={"type": "json_object"}))

    assert len(pieces) > 1
    assert "".join(pieces) == said
    assert [body["stream"] for body in bodies(fake)] == [False]


@pytest.mark.parametrize("stream", [False, True])
def test_more_than_four_stops_all_work(app: Flask, fake: Fake, stream: bool) -> None:
    fake.script({"content": "one two EE three", "delta_size": 3})
    request = ask(stop=STOPS)

    said = (
        "".join(streamed(app, request)) if stream else content(complete(app, request))
    )

    assert said == "one two "
    assert bodies(fake)[0]["stop"] == STOPS[:4]


def test_a_stream_is_given_up_at_a_stop_of_ours(app: Flask, fake: Fake) -> None:
    fake.script({"content": "one two EE " + "more " * 50, "hold": "never", "after": 8})

    assert "".join(streamed(app, ask(stop=STOPS))) == "one two "
    fake.wait_for_disconnect(fake.inference_requests()[0]["id"])


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_misses_the_form_is_asked_for_again(
    app: Flask, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "No JSON at all."})
    fake.script({"content": '{"n": 5}'})
    request = ask(tools=TOOLS, tool_choice="auto", response_format=FORM)

    said = (
        "".join(streamed(app, request)) if stream else content(complete(app, request))
    )

    first, second = bodies(fake)
    assert said == '{"n": 5}'
    assert "tools" in first
    assert "response_format" not in first
    assert {"tools", "tool_choice"}.isdisjoint(second)
    assert second["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    "said",
    [{"content": '{"n": 5}'}, {"tool_calls": [{"name": "add", "arguments": {}}]}],
    ids=["it has the form", "it calls a tool"],
)
def test_an_answer_that_serves_is_asked_for_once(
    app: Flask, fake: Fake, said: dict[str, Any]
) -> None:
    fake.script(said)

    complete(app, ask(tools=TOOLS, response_format=FORM))

    assert len(bodies(fake)) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_of_any_name_is_called_by_it(
    app: Flask, fake: Fake, stream: bool
) -> None:
    tool = {"type": "function", "function": {"name": "fs.read file"}}
    asked = ask(tools=[tool], tool_choice="required")

    said = stream_chunks(app, asked) if stream else [complete(app, asked)]

    calls = deltas.ToolCalls()
    for chunk in said:
        choice = deltas.choice_of(chunk)
        calls.add((choice and deltas.delta_of(choice).tool_calls) or ())
    [sent] = bodies(fake)[0]["tools"]
    assert [call.name for call in calls.whole("stop")] == ["fs.read file"]
    assert sent["function"]["name"] != "fs.read file"


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (ask(), {"max_completion_tokens": 77}),
        (ask(max_completion_tokens=5), {"max_completion_tokens": 5}),
        ({"prompt": "once"}, {"max_tokens": 77}),
        ({"prompt": "once", "max_tokens": 5}, {"max_tokens": 5}),
    ],
    ids=["none", "its own", "raw", "raw with its own"],
)
def test_a_request_without_a_cap_gets_the_default_one(
    make_client: MakeClient, fake: Fake, request_: dict[str, Any], sent: dict[str, int]
) -> None:
    capped = make_client(DEFAULT_NUM_PREDICT="77").application

    complete(capped, request_)

    caps = {k: v for k, v in bodies(fake)[0].items() if k in token_estimate.CAP_FIELDS}
    assert caps == sent


@pytest.mark.parametrize("ask_for", [complete, stream_chunks])
def test_a_model_that_is_gone_is_told_by_the_name_that_was_asked_for(
    app: Flask, fake: Fake, ask_for: Any
) -> None:
    fake.script({"error": "model_not_found"})

    with pytest.raises(ModelNotFound) as caught:
        ask_for(app, ask())

    assert caught.value.message == "model 'my-gpt' not found"


def test_a_request_is_never_changed(app: Flask, fake: Fake) -> None:
    request = ask(stop=list(STOPS), tools=TOOLS, response_format=FORM)
    before = json.dumps(request)
    fake.script({"content": "no"})
    fake.script({"content": '{"n": 5}'})

    complete(app, request)

    assert json.dumps(request) == before
