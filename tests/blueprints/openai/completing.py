"""Asking the OpenAI endpoint for completions."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.blueprints.talking import OPENAI, asking, chunks


def complete(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """A whole completion."""
    answer = client.post(OPENAI, json=asking(OPENAI, **body))
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.data.endswith(b"}\n")
    said: dict[str, Any] = answer.get_json()
    return said


def message(client: FlaskClient, **body: Any) -> dict[str, Any]:
    said: dict[str, Any] = complete(client, **body)["choices"][0]["message"]
    return said


def stream(client: FlaskClient, **body: Any) -> list[dict[str, Any]]:
    return chunks(client.post(OPENAI, json=asking(OPENAI, stream=True, **body)))


def refusal(client: FlaskClient, **body: Any) -> str:
    answer = client.post(OPENAI, json=asking(OPENAI, **body))
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert error["type"] == "invalid_request_error"
    return str(error["message"])


def shown(url: Any, **more: Any) -> dict[str, Any]:
    image = {"type": "image_url", "image_url": {"url": url, **more}}
    return {"role": "user", "content": [{"type": "text", "text": "Look."}, image]}
