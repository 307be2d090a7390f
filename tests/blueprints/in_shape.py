"""Whether an answer, whatever it says, has the shape of the dialect of its path."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

FINE = {200, 201, 204}
MOVED = {301, 307, 308}
EMPTY = {200, 201, 204, 403}
PLAIN = {404: "404 page not found", 405: "405 method not allowed"}
ENDS = {
    "openai": lambda last: last == "[DONE]" or "error" in last,
    "responses": lambda last: last["type"] in RESPONSE_ENDS or "error" in last,
    "anthropic": lambda last: last["type"] in ("message_stop", "error"),
}
RESPONSE_ENDS = ("response.completed", "response.incomplete", "response.failed")


def dialect_of(path: str) -> str:
    starts = {
        "/v1/messages": "anthropic",
        "/v1/responses": "responses",
        "/v1/": "openai",
        "/chat/completions": "openai",
    }
    found = (name for start, name in starts.items() if path.startswith(start))
    return next(found, "ollama")


def check(method: str, path: str, answer: TestResponse) -> None:
    told = f"{answer.status_code} {answer.content_type} {answer.data[:300]!r}"
    status = answer.status_code
    if status in MOVED or not answer.data:
        assert status in MOVED | EMPTY or method == "HEAD", told
    elif answer.text == PLAIN.get(status):
        assert answer.mimetype == "text/plain", told
    elif status in FINE:
        check_answer(dialect_of(path), answer)
    else:
        check_refusal(dialect_of(path), answer)


def check_refusal(dialect: str, answer: TestResponse) -> None:
    body = answer.get_json()
    if dialect == "ollama":
        assert isinstance(body["error"], str) and body["error"], body
    elif dialect == "anthropic":
        assert set(body) == {"type", "error", "request_id"}, body
        assert body["type"] == "error"
        assert body["error"]["type"] and body["error"]["message"], body
    else:
        assert set(body) == {"error"}, body
        assert body["error"]["message"] and body["error"]["type"], body


def check_answer(dialect: str, answer: TestResponse) -> None:
    if answer.mimetype == "application/x-ndjson":
        lines = [json.loads(line) for line in answer.data.decode().splitlines()]
        assert all(isinstance(line, dict) for line in lines), lines
        last = lines[-1]
        assert last.get("done") or "error" in last or "status" in last, last
    elif answer.mimetype == "text/event-stream":
        assert ENDS[dialect](events(answer)[-1]), events(answer)[-1]
    elif answer.mimetype == "application/json":
        assert isinstance(json.loads(answer.data), dict)
    else:
        assert answer.mimetype == "text/plain", answer.mimetype


def events(answer: TestResponse) -> list[Any]:
    *frames, rest = answer.data.decode().split("\n\n")
    assert rest == ""
    data = [frame.split("\n")[-1].removeprefix("data: ") for frame in frames]
    return [each if each == "[DONE]" else json.loads(each) for each in data]
