"""Combinations of features in one request: the response has all of them."""

import json
from itertools import product
from typing import Any, NamedTuple

import pytest

from tests.dropin.raw_http import send_request
from tests.dropin.upstream import GPT, QWEN
from tests.live_server import Server

USER = {"role": "user", "content": "Name a number, please."}
SCHEMA = {
    "type": "object",
    "properties": {"number": {"type": "integer", "minimum": 3}},
    "required": ["number"],
}
TOOL = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
FORMATS = {"text": None, "json": "json", "schema": SCHEMA}
V1_FORMATS = {
    "text": {"type": "text"},
    "json": {"type": "json_object"},
    "schema": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
}
KEYS = {"json": "simulated", "schema": "number"}


class Features(NamedTuple):
    model: str
    stream: bool
    format_: str
    tools: list[Any]
    logprobs: bool

    def __str__(self) -> str:
        extras = {"stream": self.stream, "tools": self.tools, "logs": self.logprobs}
        return "-".join(
            [self.model, self.format_, *(k for k, v in extras.items() if v)]
        )


BOTH = (True, False)
COMBINATIONS = [
    *map(Features._make, product([GPT, QWEN], BOTH, FORMATS, [[TOOL], []], BOTH))
]


@pytest.mark.parametrize("think", [None, False, "low"])
@pytest.mark.parametrize("features", COMBINATIONS, ids=str)
def test_chat_has_all_requested_features(
    server: Server, features: Features, think: bool | str | None
) -> None:
    body = {**make_body(features), "format": FORMATS[features.format_], "think": think}

    response = send_request(server, "POST", "/api/chat", body)

    assert response.status == 200, response.body
    lines = response.lines if features.stream else [response.json]
    text = "".join(line["message"]["content"] for line in lines)
    thinking = "".join(line["message"].get("thinking", "") for line in lines)
    tokens = [each["token"] for line in lines for each in line.get("logprobs", [])]
    assert lines[-1]["done_reason"] == "stop"
    assert bool(thinking) is (think is not False)
    assert "".join(tokens) == (text if features.logprobs else "")
    check_format(text, features.format_)


@pytest.mark.parametrize("effort", [None, "none", "low"])
@pytest.mark.parametrize("features", COMBINATIONS, ids=str)
def test_v1_chat_has_all_requested_features(
    server: Server, features: Features, effort: str | None
) -> None:
    format_ = V1_FORMATS[features.format_]
    body = {
        **make_body(features),
        "response_format": format_,
        "reasoning_effort": effort,
    }

    response = send_request(server, "POST", "/v1/chat/completions", body)

    assert response.status == 200, response.body
    chunks = response.events if features.stream else [response.json]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    messages = [choice["delta" if features.stream else "message"] for choice in choices]
    text = "".join(each.get("content", "") for each in messages)
    thinking = "".join(each.get("reasoning", "") for each in messages)
    logprobs = [choice.get("logprobs") or {"content": []} for choice in choices]
    tokens = [each["token"] for log in logprobs for each in log["content"]]
    assert choices[-1]["finish_reason"] == "stop"
    assert bool(thinking) is (effort != "none")
    assert "".join(tokens) == (text if features.logprobs else "")
    check_format(text, features.format_)


def make_body(features: Features) -> dict[str, Any]:
    """Return the fields that have the same name in both APIs."""
    return {
        "model": features.model,
        "messages": [USER],
        "stream": features.stream,
        "tools": features.tools,
        "logprobs": features.logprobs,
    }


def check_format(text: str, format_: str) -> None:
    if format_ in KEYS:
        assert KEYS[format_] in json.loads(text)
    else:
        assert text
