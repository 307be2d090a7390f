"""However an answer goes, each route ends it in its own legal way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.openai import responding
from tests.blueprints.talking import (
    COMPLETIONS,
    OPENAI,
    RESPONSES,
    WEATHER,
    asking,
    delta_texts,
    events,
)
from tests.cerebras import Fake

Object = dict[str, Any]

LONG = "one two three four five six seven"
CALL = {"name": "weather", "arguments": {"town": "Oslo"}}
SECOND = {"name": "weather", "arguments": {"town": "Rome"}}
MIDWAY: Object = {"say": LONG, "delta_size": 3, "after": 4}

# What the upstream does -> reasoning, text, calls and the ending that is told.
SCENARIOS: dict[str, tuple[Object, tuple[str, str, int, str]]] = {
    "text": ({"say": "Hi."}, ("", "Hi.", 0, "stop")),
    "text, then a call": ({"say": "Wait.", "call": [CALL]}, ("", "Wait.", 1, "calls")),
    "a call without text": ({"call": [CALL]}, ("", "", 1, "calls")),
    "two calls at once": ({"call": [CALL, SECOND]}, ("", "", 2, "calls")),
    "reasoning, then text": ({"think": "Hm.", "say": "Hi."}, ("Hm.", "Hi.", 0, "stop")),
    "all of it": (
        {"think": "Hm.", "say": "Wait.", "call": [CALL, SECOND]},
        ("Hm.", "Wait.", 2, "calls"),
    ),
    "nothing": ({"say": ""}, ("", "", 0, "stop")),
    "length": ({"say": LONG, "finish": "length"}, ("", LONG, 0, "length")),
    "an error in mid-stream": (
        {**MIDWAY, "fault": "in_stream_error"},
        ("", "", 0, "failed"),
    ),
    "a stream that is cut": ({**MIDWAY, "fault": "cut"}, ("", "", 0, "failed")),
    "a stream that just ends": ({**MIDWAY, "fault": "end"}, ("", "", 0, "failed")),
}
REASONS = {"stop": "stop", "calls": "tool_calls", "length": "length"}
STATES = {"stop": "completed", "calls": "completed", "length": "incomplete"}


def chat(client: FlaskClient) -> tuple[str, str, int, str]:
    body = asking(OPENAI, stream=True, tools=[WEATHER])
    *chunks, last = events(client.post(OPENAI, json=body))
    if last != "[DONE]":
        assert list(last) == ["error"]
        assert not any(chunk["choices"][0]["finish_reason"] for chunk in chunks)
        return "", "", 0, "failed"
    assert [chunk["choices"][0]["delta"].get("role") for chunk in chunks] == [
        "assistant",
        *[None] * (len(chunks) - 1),
    ]
    *reasons, reason = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert set(reasons) <= {None}
    told = [c["choices"][0]["delta"].get("tool_calls") or [] for c in chunks]
    calls = [call for each in told for call in each]
    assert [call["index"] for call in calls] == list(range(len(calls)))
    ending = next(ending for ending, word in REASONS.items() if word == reason)
    thought, text = delta_texts(chunks, "reasoning"), delta_texts(chunks, "content")
    return thought, text, len(calls), ending


def respond(client: FlaskClient) -> tuple[str, str, int, str]:
    told = responding.stream(client, tools=[responding.WEATHER])
    first, *middle, last = told
    assert first["type"] == "response.created"
    response = last["response"]
    status = last["type"].removeprefix("response.")
    assert response["status"] == status
    if status == "failed":
        assert response["error"]["message"].startswith("Cerebras")
        return "", "", 0, "failed"
    indexes = [e["output_index"] for e in middle if "output_index" in e]
    assert indexes == sorted(indexes)
    kinds = [item["type"] for item in response["output"]]
    assert [i for i, _ in enumerate(kinds)] == sorted(set(indexes))
    thoughts = [i for i in response["output"] if i["type"] == "reasoning"]
    thought = "".join(item["summary"][0]["text"] for item in thoughts)
    calls = kinds.count("function_call")
    ending = "calls" if calls else "length" if status == "incomplete" else "stop"
    assert STATES[ending] == status
    return thought, responding.text_of(response), calls, ending


def complete(client: FlaskClient) -> tuple[str, str, int, str]:
    body = asking(COMPLETIONS, stream=True)
    *chunks, last = events(client.post(COMPLETIONS, json=body))
    choices = [chunk["choices"][0] for chunk in chunks]
    if last != "[DONE]":
        assert list(last) == ["error"]
        assert not any(choice["finish_reason"] for choice in choices)
        return "", "", 0, "failed"
    text = "".join(choice["text"] for choice in choices)
    return "", text, 0, choices[-1]["finish_reason"]


ROUTES: dict[str, Callable[[FlaskClient], tuple[str, str, int, str]]] = {
    OPENAI: chat,
    RESPONSES: respond,
    COMPLETIONS: complete,
}


@pytest.mark.parametrize(
    ("path", "scenario"),
    [
        (path, name)
        for path in ROUTES
        for name, (script, _) in SCENARIOS.items()
        if path != COMPLETIONS or "call" not in script  # no tool can be offered there
    ],
)
def test_an_answer_ends_in_its_own_way(
    client: FlaskClient, fake: Fake, path: str, scenario: str
) -> None:
    script, expected = SCENARIOS[scenario]
    fake.script(script)

    told = ROUTES[path](client)

    assert told == (expected if path != COMPLETIONS else ("", *expected[1:]))
