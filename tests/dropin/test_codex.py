"""Requests of Codex are answered, over turns in which it calls its tools."""

import json
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin.codex_requests import message, turn
from tests.dropin.raw_http import send_request
from tests.dropin.upstream import last_request
from tests.live_server import Server

Object = dict[str, Any]

HELLO = message("user", "Hello")


HEADERS = {
    "accept": "text/event-stream",
    "content-type": "application/json",
    "originator": "codex_exec",
    "user-agent": "codex_exec/0.169.0",
    "x-codex-beta-features": "remote_compaction_v2",
}


def post_turn(
    server: Server, body: Object, *, compressed: bool = False
) -> list[Object]:
    """Send a turn, and return the items that Codex keeps of a completed response."""
    response = send_request(
        server, "POST", "/v1/responses", body, HEADERS, compressed=compressed
    )
    assert response.status == 200, response.body
    events = response.events
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    assert isinstance(events[-1]["response"]["usage"]["total_tokens"], int)
    return [e["item"] for e in events if e["type"] == "response.output_item.done"]


def strip_item(item: Object) -> Object:
    """Return an item as Codex sends it back: without status and id."""
    return {k: v for k, v in item.items() if k not in ("status", "id")}


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "zstd"])
def test_turn_is_answered(server: Server, fake: Fake, compressed: bool) -> None:
    fake.script({"reasoning": "A greeting.", "content": "Hi."})

    reasoning, reply = post_turn(server, turn(HELLO), compressed=compressed)

    assert reasoning["encrypted_content"] == "A greeting."
    assert reply["content"][0]["text"] == "Hi."
    offered = [tool["function"]["name"] for tool in last_request(fake)["tools"]]
    assert offered[-4:] == [
        "apply_patch",
        "multi_agent_v1__close_agent",
        "multi_agent_v1__spawn_agent",
        "mcp__sums__add",
    ]


@pytest.mark.parametrize(
    ("call", "item", "result"),
    [
        (
            {"name": "exec_command", "arguments": {"cmd": "ls"}},
            {"name": "exec_command", "arguments": '{"cmd":"ls"}'},
            {"type": "function_call_output", "output": "a.txt"},
        ),
        (
            {"name": "mcp__sums__add", "arguments": {"a": 1, "b": 2}},
            {"name": "add", "namespace": "mcp__sums", "arguments": '{"a":1,"b":2}'},
            {
                "type": "function_call_output",
                "output": [{"type": "input_text", "text": "3"}],
            },
        ),
        (
            {"name": "apply_patch", "arguments": {"input": "*** Begin Patch"}},
            {"name": "apply_patch", "input": "*** Begin Patch"},
            {"type": "custom_tool_call_output", "output": "Success."},
        ),
    ],
    ids=["function", "namespace", "custom"],
)
def test_call_and_its_result_are_sent_in_the_next_turn(
    server: Server, fake: Fake, call: Object, item: Object, result: Object
) -> None:
    fake.script({"reasoning": "Look.", "content": "Let me look.", "tool_calls": [call]})
    fake.script({"content": "Done."})

    items = post_turn(server, turn(HELLO))
    called = items[-1]
    output = {**result, "call_id": called["call_id"]}
    second = post_turn(server, turn(HELLO, *map(strip_item, items), output))

    assert called == called | item
    assert second[-1]["content"][0]["text"] == "Done."
    *_, assistant, tool = last_request(fake)["messages"]
    assert (assistant["reasoning"], assistant["content"]) == ("Look.", "Let me look.")
    assert assistant["tool_calls"][0]["function"]["name"] == call["name"]
    assert tool["tool_call_id"] == assistant["tool_calls"][0]["id"]


ODD_ITEMS: dict[str, Object] = {
    "OpenAI's reasoning": {
        "type": "reasoning",
        "summary": [],
        "encrypted_content": "gAAAAABo_unreadable",
    },
    "a search": {
        "type": "web_search_call",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    },
    "a compaction": {"type": "compaction", "encrypted_content": "gAAAAABo"},
    "a reference": {"type": "item_reference", "id": "msg_1"},
    "a shell call without its result": {
        "type": "local_shell_call",
        "call_id": "c1",
        "status": "completed",
        "action": {"type": "exec", "command": ["ls"], "env": {}},
    },
    "a result without its call": {
        "type": "function_call_output",
        "call_id": "c9",
        "output": "x",
    },
    "more tools": {
        "type": "additional_tools",
        "role": "developer",
        "tools": [{"type": "function", "name": "late", "parameters": None}],
    },
    "unknown type": {"type": "invented_tomorrow", "payload": {"a": [1]}},
}


@pytest.mark.parametrize("odd", ODD_ITEMS)
def test_item_of_any_type_is_accepted(server: Server, odd: str) -> None:
    assert post_turn(server, turn(message("user", "Go on."), ODD_ITEMS[odd], HELLO))


def test_unknown_fields_are_accepted(server: Server) -> None:
    fields: Object = {
        "service_tier": "priority",
        "text": {"verbosity": "low"},
        "reasoning": {"effort": "xhigh", "summary": "detailed", "context": "auto"},
        "max_tool_calls": 3,
        "safety_identifier": "s",
        "metadata": {"a": "b"},
        "invented_tomorrow": {"a": 1},
        "top_logprobs": 0,
        "truncation": "auto",
        "user": "u",
    }

    assert post_turn(server, turn(HELLO, **fields))


def test_schema_is_followed_with_tools(server: Server, fake: Fake) -> None:
    form = {
        "type": "json_schema",
        "strict": True,
        "name": "codex_output_schema",
        "schema": {
            "type": "object",
            "properties": {"answer": {"type": "string"}},
            "required": ["answer"],
            "additionalProperties": False,
        },
    }
    fake.script({"content": '{"answer": "yes"}'})

    items = post_turn(server, turn(HELLO, text={"verbosity": "low", "format": form}))

    assert json.loads(items[-1]["content"][0]["text"]) == {"answer": "yes"}


def test_models_are_listed(server: Server) -> None:
    response = send_request(server, "GET", "/v1/models?client_version=0.169.0")

    assert response.status == 200
    assert response.json["data"]
