"""Asking the Anthropic endpoint, and reading what it streams."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.blueprints import talking
from tests.blueprints.talking import MESSAGES, TOOLS

WEATHER = TOOLS[MESSAGES]


def asking(**more: Any) -> dict[str, Any]:
    return {**talking.asking(MESSAGES), **more}


def post(client: FlaskClient, **body: Any) -> TestResponse:
    return client.post(MESSAGES, json=asking(**body))


def message(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """A whole answer."""
    answer = post(client, **body)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    said: dict[str, Any] = answer.get_json()
    return said


def stream(client: FlaskClient, **body: Any) -> list[dict[str, Any]]:
    return events(post(client, stream=True, **body))


def events(answer: TestResponse) -> list[dict[str, Any]]:
    """The events of a stream, each under its own name."""
    assert (answer.status_code, answer.content_type) == (200, "text/event-stream")
    *frames, rest = answer.text.split("\n\n")
    assert rest == ""
    told = []
    for frame in frames:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        told.append(event)
    return told


def put_together(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of a stream, each opened and closed once and in its turn."""
    blocks: list[dict[str, Any]] = []
    open_block: dict[str, Any] | None = None
    for event in told:
        if event["type"] == "content_block_start":
            assert open_block is None
            assert event["index"] == len(blocks)
            open_block = {**event["content_block"], "told": ""}
        elif event["type"] == "content_block_delta":
            assert open_block is not None
            assert event["index"] == len(blocks)
            [text] = [v for k, v in event["delta"].items() if k != "type"]
            open_block["told"] += text
        elif event["type"] == "content_block_stop":
            assert open_block is not None
            blocks.append(open_block)
            open_block = None
    return [_block(block) for block in blocks]


def _block(block: dict[str, Any]) -> dict[str, Any]:
    told = block.pop("told")
    if block["type"] == "tool_use":
        return {**block, "input": json.loads(told)}
    return {**block, block["type"]: told}


def refusal(client: FlaskClient, **body: Any) -> str:
    answer = post(client, **body)
    assert answer.status_code == 400
    told = answer.get_json()
    assert told["type"] == "error"
    assert told["error"]["type"] == "invalid_request_error"
    return str(told["error"]["message"])
