"""Tools in a native conversation: calls out, results in, and forms beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.ollama.chatting import chat
from tests.blueprints.talking import (
    CHAT,
    TOWN,
    WEATHER,
    asking,
    lines,
    sent,
    texts,
    user,
)
from tests.cerebras import Fake

SUNNY = '{"sky": "blue"}'


def test_a_tool_is_called_and_its_result_is_used(
    client: FlaskClient, fake: Fake
) -> None:
    asked = user("What is the weather in Oslo?")

    called = chat(client, messages=[asked], tools=[WEATHER])
    [call] = called["tool_calls"]
    result = {
        "role": "tool",
        "content": SUNNY,
        "tool_name": "weather",
        "tool_call_id": call["id"],
    }
    said = chat(client, messages=[asked, called, result], tools=[WEATHER])

    assert call["function"]["name"] == "weather"
    assert call["function"]["arguments"] == {"town": "simulated town"}
    assert SUNNY in said["content"]
    assert "tool_calls" not in said


@pytest.mark.parametrize("known_by", ["tool_call_id", "tool_name", None])
@pytest.mark.parametrize("with_ids", [True, False])
def test_results_find_their_calls_over_many_turns(
    client: FlaskClient, fake: Fake, known_by: str | None, with_ids: bool
) -> None:
    messages: list[dict[str, Any]] = []
    for turn in range(3):
        calls = [
            {"function": {"name": name, "arguments": {"turn": turn}}}
            | ({"id": f"call_{name}_{turn}"} if with_ids else {})
            for name in ("rain", "wind")
        ]
        results = [
            {"tool_name": "rain", "tool_call_id": f"call_rain_{turn}"},
            {"tool_name": "wind", "tool_call_id": f"call_wind_{turn}"},
        ]
        if known_by == "tool_call_id" and not with_ids:
            results = [{}, {}]
        messages += [
            user(f"turn {turn}"),
            {"role": "assistant", "content": "", "tool_calls": calls},
            *(
                {"role": "tool", "content": place}
                | {k: v for k, v in result.items() if k == known_by}
                for place, result in zip("rw", results, strict=True)
            ),
        ]

    chat(client, messages=messages, tools=[WEATHER])

    said = sent(fake)["messages"]
    ids = [call["id"] for m in said for call in m.get("tool_calls", ())]
    answered = [m["tool_call_id"] for m in said if m["role"] == "tool"]
    assert answered == ids
    assert len(set(ids)) == 6
    assert [m["content"] for m in said if m["role"] == "tool"] == ["r", "w"] * 3


def test_parallel_calls_arrive_whole_however_they_were_cut(
    client: FlaskClient, fake: Fake
) -> None:
    calls = [
        {"name": "rain", "arguments": {"town": "Tromsø", "days": [1, 2]}},
        {"name": "wind", "arguments": {}},
    ]
    fake.script(
        {"tool_calls": calls, "arguments_delta_size": 1, "reasoning": "Two."}, times=2
    )
    body = asking(CHAT, tools=[WEATHER])

    streamed = lines(client.post(CHAT, json=body))
    message = chat(client, messages=[user()], tools=[WEATHER])

    made = [call for line in streamed for call in line["message"].get("tool_calls", ())]
    for found in (made, message["tool_calls"]):
        assert [call["function"] for call in found] == [
            {"index": index, **call} for index, call in enumerate(calls)
        ]
        assert len({call["id"] for call in found}) == 2
    assert streamed[-1]["done_reason"] == "stop"


@pytest.mark.parametrize("arguments", ["", "null", " {} "])
def test_a_call_without_arguments_has_an_empty_object(
    client: FlaskClient, fake: Fake, arguments: str
) -> None:
    fake.script({"tool_calls": [{"name": "now", "arguments": arguments}]})

    [call] = chat(client, messages=[user()], tools=[WEATHER])["tool_calls"]

    assert call["function"]["arguments"] == {}


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_that_cannot_be_read_is_an_error(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"tool_calls": [{"name": "now", "arguments": '{"a": '}]})

    answer = client.post(CHAT, json=asking(CHAT, tools=[WEATHER], stream=stream))

    assert "cannot be read" in answer.text
    assert '"done":true' not in answer.text


@pytest.mark.parametrize("stream", [True, False])
def test_tools_and_a_form_both_hold(
    client: FlaskClient, fake: Fake, stream: bool
) -> None:
    fake.script({"content": "Oslo has some people."})
    fake.script({"content": '{"name": "Oslo", "people": 700000}'})
    body = asking(CHAT, tools=[WEATHER], format=TOWN, stream=stream)

    answer = client.post(CHAT, json=body)

    said = lines(answer) if stream else [answer.get_json()]
    first, second = [record["body"] for record in fake.inference_requests()]
    assert json.loads(texts(said, "content")) == {"name": "Oslo", "people": 700_000}
    assert "tools" in first
    assert "response_format" not in first
    assert '"people"' in first["messages"][0]["content"]
    assert "tools" not in second
    assert second["response_format"]["type"] == "json_schema"
