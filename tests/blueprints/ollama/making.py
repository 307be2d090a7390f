"""What tests of models of one's own share: making them, and looking at them."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cerebras import Fake

GPT, QWEN = "gpt-oss-120b", "qwen-3.8-27b"
MARIO = "You are Mario from Super Mario Bros."
HELLO = {"role": "user", "content": "Hello"}
TALK: dict[str, Any] = {"messages": [HELLO]}
BARE, CHARSET = "application/json", "application/json; charset=utf-8"


def create(client: FlaskClient, **body: Any) -> TestResponse:
    return client.post("/api/create", json={"from": GPT, "stream": False, **body})


def made(client: FlaskClient, **body: Any) -> TestResponse:
    response = create(client, **body)
    assert response.json == {"status": "success"}, response.text
    return response


def statuses(response: TestResponse) -> list[str]:
    return [json.loads(line)["status"] for line in response.text.splitlines()]


def show(client: FlaskClient, name: str, **body: Any) -> dict[str, Any]:
    response = client.post("/api/show", json={"model": name, **body})
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json
    return shown


def tags(client: FlaskClient) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in client.get("/api/tags").json["models"]}


def asked(fake: Fake) -> dict[str, Any]:
    """The last request for an answer, as the upstream got it."""
    body: dict[str, Any] = fake.inference_requests(at_least=1)[-1]["body"]
    return body
