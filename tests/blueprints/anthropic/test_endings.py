"""Every way in which an answer can end: each is a legal one on `/v1/messages`."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.anthropic.asking import (
    WEATHER,
    events,
    message,
    post,
    put_together,
    stream,
)
from tests.cerebras import Fake

CALLS = [{"name": "weather", "arguments": {"town": town}} for town in ("Oslo", "Rome")]
ONE, TWO = (
    {"type": "tool_use", "name": "weather", "input": {"town": town}}
    for town in ("Oslo", "Rome")
)
TEXT = {"type": "text", "text": "Good day."}
THOUGHT = {"type": "thinking", "thinking": "Hm."}

# What the upstream says: the blocks of the reply, and why it ended.
ENDINGS: dict[str, tuple[dict[str, Any], list[Any], str]] = {
    "text": ({"say": "Good day."}, [TEXT], "end_turn"),
    "text, then a call": (
        {"say": "Good day.", "call": CALLS[:1]},
        [TEXT, ONE],
        "tool_use",
    ),
    "a call alone": ({"call": CALLS[:1], "fragment": 2}, [ONE], "tool_use"),
    "two calls at once": ({"call": CALLS, "fragment": 2}, [ONE, TWO], "tool_use"),
    "thoughts, then text": (
        {"think": "Hm.", "say": "Good day."},
        [THOUGHT, TEXT],
        "end_turn",
    ),
    "all of it": (
        {"think": "Hm.", "say": "Good day.", "call": CALLS},
        [THOUGHT, TEXT, ONE, TWO],
        "tool_use",
    ),
    "cut by length": (
        {"say": "Good day.", "finish": "length"},
        [TEXT],
        "max_tokens",
    ),
    "cut by a filter": (
        {"say": "Good day.", "finish": "content_filter"},
        [TEXT],
        "refusal",
    ),
    "nothing": ({"say": ""}, [], "end_turn"),
}


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_answer_ends_in_a_legal_way(
    client: FlaskClient, fake: Fake, ending: str, streams: bool
) -> None:
    script, blocks, reason = ENDINGS[ending]
    fake.script(script)

    if streams:
        told = stream(client, tools=[WEATHER])
        assert [event["type"] for event in told[-2:]] == [
            "message_delta",
            "message_stop",
        ]
        content, end = put_together(told), told[-2]["delta"]
    else:
        end = message(client, tools=[WEATHER])
        content = end["content"]

    ids = [block.pop("id") for block in content if block["type"] == "tool_use"]
    assert content == blocks
    assert len(set(ids)) == len(ids)
    assert end["stop_reason"] == reason


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("in_stream_error", "Cerebras failed (500)"),
        ("cut", "Cerebras' answer was cut short"),
        ("end", "Cerebras' answer was cut short"),
        ("garbage", "Cerebras sent something unintelligible"),
    ],
)
def test_a_failure_in_mid_stream_is_the_last_event(
    client: FlaskClient, fake: Fake, fault: str, text: str
) -> None:
    fake.script({"say": "word " * 40, "fault": fault, "after": 6})

    *said, last = events(post(client, stream=True))

    assert last == {"type": "error", "error": {"type": "api_error", "message": text}}
    assert said[0]["type"] == "message_start"
    assert "message_stop" not in [event["type"] for event in said]
