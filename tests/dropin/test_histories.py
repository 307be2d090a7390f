"""Conversations with tool results, assigned to their calls as real clients do it."""

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.raw_http import send_request
from tests.dropin.upstream import GPT, QWEN, last_request
from tests.live_server import Server

USER = {"role": "user", "content": "Hello"}
SYSTEM = {"role": "system", "content": "Be brief."}
SCHEMA = {"type": "object", "properties": {"of": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "a", "parameters": SCHEMA}}


def call_tools(*names: str, **ids: str) -> dict[str, Any]:
    """Return a native message of the assistant that calls tools."""
    calls = [
        {
            **({"id": ids[name]} if name in ids else {}),
            "function": {"name": name, "arguments": {"of": name}},
        }
        for name in names
    ]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def tool_result(content: str, **link: str) -> dict[str, Any]:
    return {"role": "tool", "content": content, **link}


# How a client assigns results to calls -> (messages, result of each tool upstream).
HISTORIES: dict[str, tuple[list[dict[str, Any]], dict[str, str]]] = {
    "Home Assistant: by order alone": (
        [USER, call_tools("a", "b"), tool_result("of a"), tool_result("of b")],
        {"a": "of a", "b": "of b"},
    ),
    "Home Assistant: the calls were trimmed away": (
        [SYSTEM, tool_result("of a"), {"role": "assistant", "content": "Done"}, USER],
        {},
    ),
    "Zed: by tool_name": (
        [
            USER,
            call_tools("a", "b"),
            tool_result("of b", tool_name="b"),
            tool_result("of a", tool_name="a"),
        ],
        {"a": "of a", "b": "of b"},
    ),
    "Raycast: by id": (
        [
            USER,
            call_tools("a", "b", a="1", b="2"),
            tool_result("of b", tool_call_id="2"),
            tool_result("of a", tool_call_id="1"),
        ],
        {"a": "of a", "b": "of b"},
    ),
    "LiteLLM: an id for the result only": (
        [USER, call_tools("a"), tool_result("of a", tool_call_id="call_9")],
        {"a": "of a"},
    ),
    "an assistant without content": (
        [USER, {k: v for k, v in call_tools("a").items() if k != "content"}]
        + [tool_result("of a"), USER],
        {"a": "of a"},
    ),
    "an assistant whose content is null": (
        [USER, {**call_tools("a"), "content": None}, tool_result("of a"), USER],
        {"a": "of a"},
    ),
    "a result without content": ([USER, call_tools("a"), {"role": "tool"}], {"a": ""}),
    "stopped before the tool ran": ([USER, call_tools("a")], {}),
}


@pytest.mark.parametrize("tools", [[TOOL], []], ids=["tools", "no tools"])
@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize(
    ("messages", "expected"), HISTORIES.values(), ids=list(HISTORIES)
)
def test_results_are_assigned_to_their_calls(
    server: Server,
    fake: Fake,
    messages: list[dict[str, Any]],
    expected: dict[str, str],
    model: str,
    tools: list[Any],
) -> None:
    body = {"model": model, "messages": messages, "tools": tools}

    response = send_request(server, "POST", "/api/chat", body)

    assert response.status == 200, response.body
    assert find_results(last_request(fake)["messages"]) == expected


def find_results(messages: list[dict[str, Any]]) -> dict[str, str]:
    """Return the last result of each tool, found by the ids of the calls."""
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


def openai_call_tools(arguments: str, **more: Any) -> dict[str, Any]:
    function = {"name": "a", "arguments": arguments}
    calls = [{"id": "1", "type": "function", "function": function}]
    return {"role": "assistant", "tool_calls": calls, **more}


OPENAI_HISTORIES: dict[str, list[dict[str, Any]]] = {
    "OpenAI: content is null": [openai_call_tools("{}", content=None)],
    "Vercel AI SDK: content is empty": [openai_call_tools('{"x": 1}', content="")],
    "Goose: no content, no arguments": [openai_call_tools("")],
    "pydantic-ai: reasoning goes back": [openai_call_tools("{}", reasoning="Hm.")],
}


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize(
    "content", ["done", [{"type": "text", "text": "done"}]], ids=["text", "parts"]
)
@pytest.mark.parametrize("turns", OPENAI_HISTORIES.values(), ids=OPENAI_HISTORIES)
def test_result_is_assigned_to_its_call_on_v1(
    server: Server, fake: Fake, turns: list[dict[str, Any]], content: Any, model: str
) -> None:
    messages = [USER, *turns, {"role": "tool", "tool_call_id": "1", "content": content}]

    body = {"model": model, "messages": messages}
    response = send_request(server, "POST", "/v1/chat/completions", body)

    assert response.status == 200, response.body
    assert find_results(last_request(fake)["messages"]) == {"a": "done"}
