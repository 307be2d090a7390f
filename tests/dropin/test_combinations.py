"""Whatever a client asks for at once, it gets an answer that has all of it."""

from __future__ import annotations

import json
from itertools import product
from typing import Any, NamedTuple

import pytest

from tests.dropin.raw import call
from tests.dropin.upstream import GPT, QWEN
from tests.live_server import Server

USER = {"role": "user", "content": "Name a number, please."}
SCHEMA = {
    "type": "object",
    "properties": {"number": {"type": "integer", "minimum": 3}},
    "required": ["number"],
}
TOOL = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
FORMS = {"text": None, "json": "json", "schema": SCHEMA}
V1_FORMS = {
    "text": {"type": "text"},
    "json": {"type": "json_object"},
    "schema": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
}
KEYS = {"json": "simulated", "schema": "number"}


class Wish(NamedTuple):
    model: str
    stream: bool
    form: str
    tools: list[Any]
    logprobs: bool

    def __str__(self) -> str:
        extras = {"stream": self.stream, "tools": self.tools, "logs": self.logprobs}
        return "-".join([self.model, self.form, *(k for k, v in extras.items() if v)])


BOTH = (True, False)
WISHES = [*map(Wish._make, product([GPT, QWEN], BOTH, FORMS, [[TOOL], []], BOTH))]


@pytest.mark.parametrize("think", [None, False, "low"])
@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_a_chat_has_all_that_was_asked_for(
    server: Server, wish: Wish, think: bool | str | None
) -> None:
    body = {**asking(wish), "format": FORMS[wish.form], "think": think}

    answer = call(server, "POST", "/api/chat", body)

    assert answer.status == 200, answer.body
    lines = answer.lines if wish.stream else [answer.json]
    text = "".join(line["message"]["content"] for line in lines)
    thoughts = "".join(line["message"].get("thinking", "") for line in lines)
    tokens = [each["token"] for line in lines for each in line.get("logprobs", [])]
    assert lines[-1]["done_reason"] == "stop"
    assert bool(thoughts) is (think is not False)
    assert "".join(tokens) == (text if wish.logprobs else "")
    check_form(text, wish.form)


@pytest.mark.parametrize("effort", [None, "none", "low"])
@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_a_completion_has_all_that_was_asked_for(
    server: Server, wish: Wish, effort: str | None
) -> None:
    form = V1_FORMS[wish.form]
    body = {**asking(wish), "response_format": form, "reasoning_effort": effort}

    answer = call(server, "POST", "/v1/chat/completions", body)

    assert answer.status == 200, answer.body
    chunks = answer.chunks if wish.stream else [answer.json]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    said = [choice["delta" if wish.stream else "message"] for choice in choices]
    text = "".join(each.get("content", "") for each in said)
    thoughts = "".join(each.get("reasoning", "") for each in said)
    logprobs = [choice.get("logprobs") or {"content": []} for choice in choices]
    tokens = [each["token"] for log in logprobs for each in log["content"]]
    assert choices[-1]["finish_reason"] == "stop"
    assert bool(thoughts) is (effort != "none")
    assert "".join(tokens) == (text if wish.logprobs else "")
    check_form(text, wish.form)


def asking(wish: Wish) -> dict[str, Any]:
    """What both dialects call by the same names."""
    return {
        "model": wish.model,
        "messages": [USER],
        "stream": wish.stream,
        "tools": wish.tools,
        "logprobs": wish.logprobs,
    }


def check_form(text: str, form: str) -> None:
    if form in KEYS:
        assert KEYS[form] in json.loads(text)
    else:
        assert text
