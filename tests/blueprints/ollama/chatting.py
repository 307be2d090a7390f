"""Chatting with the native endpoint."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.blueprints.talking import CHAT, GPT


def chat(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """The message of a whole answer."""
    answer = client.post(CHAT, json={"model": GPT, "stream": False, **body})
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.get_json()["message"]
    return message
