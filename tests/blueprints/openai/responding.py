"""Asking for responses, and the items that they are made of."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.blueprints.talking import RESPONSES, TOOLS, asking, events

Object = dict[str, Any]

WEATHER: Object = TOOLS[RESPONSES]


def respond(client: FlaskClient, **body: Any) -> Object:
    """A whole response."""
    answer = client.post(RESPONSES, json={**asking(RESPONSES), **body})
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.data.endswith(b"}\n")
    said: Object = answer.get_json()
    return said


def stream(client: FlaskClient, **body: Any) -> list[Object]:
    """The events of a streamed response, comments left out."""
    answer = client.post(RESPONSES, json={**asking(RESPONSES, stream=True), **body})
    assert answer.headers["Cache-Control"] == "no-cache"
    told = [event for event in events(answer) if isinstance(event, dict)]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    return told


def refusal(client: FlaskClient, **body: Any) -> str:
    answer = client.post(RESPONSES, json={**asking(RESPONSES), **body})
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert error["type"] == "invalid_request_error"
    return str(error["message"])


def text_of(response: Object) -> str:
    """All that a response says to the reader."""
    messages = [item for item in response["output"] if item["type"] == "message"]
    return "".join(part["text"] for item in messages for part in item["content"])
