"""One block at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.translate.anthropic import DIALECT
from app.translate.anthropic.blocks import Blocks
from app.translate.dialect import Event


def read(events: list[Event]) -> list[dict[str, Any]]:
    frames = DIALECT.encode_all(events).decode().split("\n\n")[:-1]
    return [json.loads(frame.partition("\ndata: ")[2]) for frame in frames]


def start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **said: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": said}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def test_each_kind_closes_the_one_before() -> None:
    blocks = Blocks()
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {"b": 1}}

    told = read(
        [
            *blocks.say("thinking", ["hm"]),
            *blocks.say("thinking", ["so", "on"]),
            *blocks.say("text", ["hi"]),
            *blocks.say("thinking", ["again"]),
            *blocks.call(call),
            *blocks.turn_to(None),
            *blocks.turn_to(None),
        ]
    )

    assert told == [
        start(0, {"type": "thinking", "thinking": ""}),
        delta(0, type="thinking_delta", thinking="hm"),
        delta(0, type="thinking_delta", thinking="so"),
        delta(0, type="thinking_delta", thinking="on"),
        stop(0),
        start(1, {"type": "text", "text": ""}),
        delta(1, type="text_delta", text="hi"),
        stop(1),
        start(2, {"type": "thinking", "thinking": ""}),
        delta(2, type="thinking_delta", thinking="again"),
        stop(2),
        start(3, {**call, "input": {}}),
        delta(3, type="input_json_delta", partial_json='{"b":1}'),
        stop(3),
    ]


def test_a_run_of_text_is_one_event() -> None:
    blocks = Blocks()
    blocks.say("text", ["a"])

    assert len(blocks.say("text", ["b", "c", "d"])) == 1


@pytest.mark.parametrize("text", ['"\\\n\t', "\u0085\u2028\u2029", "\0", "héé 🎈"])
def test_any_text_arrives_as_it_was(text: str) -> None:
    _, *deltas = read(Blocks().say("text", [text, text]))

    assert [each["delta"]["text"] for each in deltas] == [text, text]
