"""Tools and forms on `/v1/chat/completions`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.openai.completing import complete, message, stream
from tests.blueprints.talking import TOWN, WEATHER, delta_texts, sent, user
from tests.cerebras import Fake

FORM = {"type": "json_schema", "json_schema": {"name": "town", "schema": TOWN}}


def test_a_tool_is_called_and_its_result_is_used(
    client: FlaskClient, fake: Fake
) -> None:
    asked = user("What is the weather in Oslo?")

    called = complete(client, messages=[asked], tools=[WEATHER])["choices"][0]
    [call] = called["message"]["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
    messages = [asked, called["message"], result]
    said = message(client, messages=messages, tools=[WEATHER])

    assert called["finish_reason"] == "tool_calls"
    assert called["message"]["content"] == ""
    assert list(call) == ["id", "index", "type", "function"]
    assert json.loads(call["function"]["arguments"]) == {"town": "simulated town"}
    assert "sunny" in said["content"]
    assert sent(fake)["messages"][1]["tool_calls"][0]["id"] == call["id"]


def test_parallel_calls_arrive_whole_in_one_chunk(
    client: FlaskClient, fake: Fake
) -> None:
    calls = [{"name": "rain", "arguments": {"n": 1}}, {"name": "wind", "arguments": {}}]
    fake.script({"tool_calls": calls, "arguments_delta_size": 1})

    *_, called, last = stream(client, tools=[WEATHER])

    delta = called["choices"][0]["delta"]
    assert [call["index"] for call in delta["tool_calls"]] == [0, 1]
    assert [call["function"] for call in delta["tool_calls"]] == [
        {"name": "rain", "arguments": '{"n":1}'},
        {"name": "wind", "arguments": "{}"},
    ]
    assert last["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    "choice",
    ["none", "auto", "required", {"type": "function", "function": {"name": "weather"}}],
    ids=str,
)
def test_the_choice_of_tools_is_honoured(
    client: FlaskClient, fake: Fake, choice: Any
) -> None:
    said = message(
        client, tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False
    )

    assert sent(fake)["tool_choice"] == choice
    assert sent(fake)["parallel_tool_calls"] is False
    assert ("tool_calls" in said) == (choice not in ("none", "auto"))


@pytest.mark.parametrize("arguments", ["", "{}", '{"town": "Oslo"}'])
def test_arguments_of_earlier_calls_are_objects(
    client: FlaskClient, fake: Fake, arguments: str
) -> None:
    call = {"id": "c1", "function": {"name": "weather", "arguments": arguments}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "sunny"}

    complete(client, messages=[user(), said, result], tools=[WEATHER])

    [made] = sent(fake)["messages"][1]["tool_calls"]
    assert json.loads(made["function"]["arguments"]) == json.loads(arguments or "{}")


@pytest.mark.parametrize(
    "form", [FORM, {"type": "json_object"}], ids=["schema", "json"]
)
@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_has_the_form_it_was_asked_for(
    client: FlaskClient, form: dict[str, Any], streamed: bool
) -> None:
    text = (
        delta_texts(stream(client, response_format=form), "content")
        if streamed
        else message(client, response_format=form)["content"]
    )

    assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("streamed", [True, False])
def test_tools_and_a_form_both_hold(
    client: FlaskClient, fake: Fake, streamed: bool
) -> None:
    fake.script({"content": "Oslo has some people."})
    fake.script({"content": '{"name": "Oslo", "people": 700000}'})
    body = {"tools": [WEATHER], "tool_choice": "auto", "response_format": FORM}

    text = (
        delta_texts(stream(client, **body), "content")
        if streamed
        else message(client, **body)["content"]
    )

    first, second = [record["body"] for record in fake.inference_requests()]
    assert json.loads(text)["people"] == 700_000
    assert "response_format" not in first
    assert "tools" not in second
