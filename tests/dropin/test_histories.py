"""Turns of tools, told in every way in which clients tie results to their calls."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.raw import call
from tests.dropin.upstream import GPT, QWEN, asked
from tests.live_server import Server

USER = {"role": "user", "content": "Hello"}
SYSTEM = {"role": "system", "content": "Be brief."}
SCHEMA = {"type": "object", "properties": {"of": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "a", "parameters": SCHEMA}}


def called(*names: str, **ids: str) -> dict[str, Any]:
    """A native assistant turn that calls tools."""
    calls = [
        {
            **({"id": ids[name]} if name in ids else {}),
            "function": {"name": name, "arguments": {"of": name}},
        }
        for name in names
    ]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def result(content: str, **link: str) -> dict[str, Any]:
    return {"role": "tool", "content": content, **link}


# How clients tie results to calls -> the result that each tool is heard to have given.
HISTORIES: dict[str, tuple[list[dict[str, Any]], dict[str, str]]] = {
    "Home Assistant: by order alone": (
        [USER, called("a", "b"), result("of a"), result("of b")],
        {"a": "of a", "b": "of b"},
    ),
    "Home Assistant: the calls were trimmed away": (
        [SYSTEM, result("of a"), {"role": "assistant", "content": "Done"}, USER],
        {},
    ),
    "Zed: by tool_name": (
        [
            USER,
            called("a", "b"),
            result("of b", tool_name="b"),
            result("of a", tool_name="a"),
        ],
        {"a": "of a", "b": "of b"},
    ),
    "Raycast: by id": (
        [
            USER,
            called("a", "b", a="1", b="2"),
            result("of b", tool_call_id="2"),
            result("of a", tool_call_id="1"),
        ],
        {"a": "of a", "b": "of b"},
    ),
    "LiteLLM: an id for the result only": (
        [USER, called("a"), result("of a", tool_call_id="call_9")],
        {"a": "of a"},
    ),
    "Roo Code: the result is a user's turn": (
        [USER, called("a"), {"role": "user", "content": "of a"}],
        {"a": ""},
    ),
    "n8n: the same call in every round": (
        [USER, called("a", a="1"), result("one", tool_call_id="1")]
        + [called("a", a="1"), result("two", tool_call_id="1")],
        {"a": "two"},
    ),
    "an assistant without content": (
        [USER, {k: v for k, v in called("a").items() if k != "content"}]
        + [result("of a"), USER],
        {"a": "of a"},
    ),
    "an assistant whose content is null": (
        [USER, {**called("a"), "content": None}, result("of a"), USER],
        {"a": "of a"},
    ),
    "a result without content": ([USER, called("a"), {"role": "tool"}], {"a": ""}),
    "more results than calls": (
        [USER, called("a"), result("of a"), result("again")],
        {"a": "of a"},
    ),
    "fewer results than calls": (
        [USER, called("a", "b"), result("of b", tool_name="b"), USER],
        {"a": "", "b": "of b"},
    ),
    "stopped before the tool ran": ([USER, called("a")], {}),
}


@pytest.mark.parametrize("tools", [[TOOL], []], ids=["tools", "no tools"])
@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize(("messages", "heard"), HISTORIES.values(), ids=list(HISTORIES))
def test_results_find_their_calls(
    server: Server,
    fake: Fake,
    messages: list[dict[str, Any]],
    heard: dict[str, str],
    model: str,
    tools: list[Any],
) -> None:
    body = {"model": model, "messages": messages, "tools": tools}

    answer = call(server, "POST", "/api/chat", body)

    assert answer.status == 200, answer.body
    assert results(asked(fake)["messages"]) == heard


def results(messages: list[dict[str, Any]]) -> dict[str, str]:
    """The last result of each tool, found by the ids that upstream goes by."""
    names = {
        each["id"]: each["function"]["name"]
        for message in messages
        for each in message.get("tool_calls") or ()
    }
    return {
        names[message["tool_call_id"]]: message["content"]
        for message in messages
        if message["role"] == "tool"
    }


def openai_called(arguments: str, **more: Any) -> dict[str, Any]:
    function = {"name": "a", "arguments": arguments}
    calls = [{"id": "1", "type": "function", "function": function}]
    return {"role": "assistant", "tool_calls": calls, **more}


OPENAI_HISTORIES: dict[str, list[dict[str, Any]]] = {
    "OpenAI: content is null": [openai_called("{}", content=None)],
    "Vercel AI SDK: content is empty": [openai_called('{"x": 1}', content="")],
    "Goose: no content, no arguments": [openai_called("")],
    "pydantic-ai: reasoning goes back": [openai_called("{}", reasoning="Hm.")],
}


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize(
    "content", ["done", [{"type": "text", "text": "done"}]], ids=["text", "parts"]
)
@pytest.mark.parametrize("turns", OPENAI_HISTORIES.values(), ids=OPENAI_HISTORIES)
def test_results_find_their_calls_on_v1(
    server: Server, fake: Fake, turns: list[dict[str, Any]], content: Any, model: str
) -> None:
    messages = [USER, *turns, {"role": "tool", "tool_call_id": "1", "content": content}]

    body = {"model": model, "messages": messages}
    answer = call(server, "POST", "/v1/chat/completions", body)

    assert answer.status == 200, answer.body
    assert results(asked(fake)["messages"]) == {"a": "done"}
