"""However an answer goes, each route ends it in its own legal way."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from tests.blueprints.hearing import FAILED, Heard, hear
from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    MESSAGES,
    OPENAI,
    RESPONSES,
    asking,
    offering,
)
from tests.cerebras import Fake

LONG = "one two three four five six seven"
OSLO, ROME = ({"name": "weather", "arguments": {"town": t}} for t in ("Oslo", "Rome"))
TO_OSLO, TO_ROME = ("weather", {"town": "Oslo"}), ("weather", {"town": "Rome"})
BROKEN_OFF = {"name": "weather", "arguments": '{"tow'}


class Scenario(NamedTuple):
    """What the upstream says, and what each client hears of it."""

    script: dict[str, Any]
    thought: str = ""
    text: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    ending: str = "stop"


SCENARIOS = {
    "text": Scenario({"content": "Hi."}, text="Hi."),
    "text, then a call": Scenario(
        {"content": "Wait.", "tool_calls": [OSLO]},
        text="Wait.",
        calls=(TO_OSLO,),
        ending="call",
    ),
    "a call without text": Scenario(
        {"tool_calls": [OSLO]}, calls=(TO_OSLO,), ending="call"
    ),
    "two calls at once": Scenario(
        {"tool_calls": [OSLO, ROME]}, calls=(TO_OSLO, TO_ROME), ending="call"
    ),
    "two calls in fragments": Scenario(
        {"tool_calls": [OSLO, ROME], "arguments_delta_size": 2},
        calls=(TO_OSLO, TO_ROME),
        ending="call",
    ),
    "reasoning, then text": Scenario(
        {"reasoning": "Hm.", "content": "Hi."}, thought="Hm.", text="Hi."
    ),
    "reasoning, then a call": Scenario(
        {"reasoning": "Hm.", "tool_calls": [OSLO]},
        "Hm.",
        calls=(TO_OSLO,),
        ending="call",
    ),
    "all of it": Scenario(
        {"reasoning": "Hm.", "content": "Wait.", "tool_calls": [OSLO, ROME]},
        "Hm.",
        "Wait.",
        (TO_OSLO, TO_ROME),
        "call",
    ),
    "nothing": Scenario({"content": ""}),
    "cut by length": Scenario(
        {"content": LONG, "finish_reason": "length"}, text=LONG, ending="length"
    ),
    "reasoning cut by length": Scenario(
        {"reasoning": LONG, "content": "", "finish_reason": "length"},
        LONG,
        ending="length",
    ),
    "a call cut by length": Scenario(
        {"content": "Wait.", "tool_calls": [BROKEN_OFF], "finish_reason": "length"},
        text="Wait.",
        ending="length",
    ),
    "cut by a filter": Scenario(
        {"content": "Hi.", "finish_reason": "content_filter"},
        text="Hi.",
        ending="filter",
    ),
}

# How each route says why an answer ended.
NATIVE = {"stop": "stop", "call": "stop", "length": "length", "filter": "stop"}
CHOICE = {
    "stop": "stop",
    "call": "tool_calls",
    "length": "length",
    "filter": "content_filter",
}
ENDINGS = {
    CHAT: NATIVE,
    GENERATE: NATIVE,
    OPENAI: CHOICE,
    COMPLETIONS: CHOICE,
    RESPONSES: {
        "stop": "completed",
        "call": "completed",
        "length": "max_output_tokens",
        "filter": "content_filter",
    },
    MESSAGES: {
        "stop": "end_turn",
        "call": "tool_use",
        "length": "max_tokens",
        "filter": "refusal",
    },
}
FAULTS = {
    "in_stream_error": "Cerebras failed (500)",
    "cut": "Cerebras' answer was cut short",
    "end": "Cerebras' answer was cut short",
    "reset": "Cerebras' answer was cut short: connection reset by peer",
    "garbage": "Cerebras sent something unintelligible",
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (path, name)
        for path in ENDINGS
        for name, scenario in SCENARIOS.items()
        if "tool_calls" not in scenario.script or offering(path)
    ],
)
def test_an_answer_ends_in_its_routes_own_way(
    client: FlaskClient, fake: Fake, path: str, name: str, stream: bool
) -> None:
    scenario = SCENARIOS[name]
    fake.script(scenario.script)

    body = asking(path, stream=stream, **offering(path))
    heard = hear(path, client.post(path, json=body), stream=stream)

    thought = "" if path == COMPLETIONS else scenario.thought
    ending = ENDINGS[path][scenario.ending]
    assert heard == Heard(thought, scenario.text, list(scenario.calls), ending)


@pytest.mark.parametrize("path", ENDINGS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_in_mid_stream_is_the_streams_last_word(
    client: FlaskClient, fake: Fake, path: str, fault: str
) -> None:
    fake.script({"content": LONG, "delta_size": 3, "fault": fault, "after": 6})

    heard = hear(path, client.post(path, json=asking(path, stream=True)), stream=True)

    assert (heard.ending, heard.error) == (FAILED, FAULTS[fault])
    assert heard.text
    assert LONG.startswith(heard.text)


@pytest.mark.parametrize("path", [path for path in ENDINGS if offering(path)])
@pytest.mark.parametrize("fault", ["in_stream_error", "cut", "end"])
def test_a_call_that_fails_is_never_told(
    client: FlaskClient, fake: Fake, path: str, fault: str
) -> None:
    script = {
        "content": "Wait.",
        "tool_calls": [OSLO],
        "arguments_delta_size": 4,
        "delta_size": 9,
    }
    fake.script({**script, "fault": fault, "after": 4})

    body = asking(path, stream=True, **offering(path))
    heard = hear(path, client.post(path, json=body), stream=True)

    assert heard == Heard("", "Wait.", [], FAILED, FAULTS[fault])
