"""What Codex sends is answered, over turns in which it runs its tools."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard

from tests.cerebras import Fake
from tests.dropin.codex_requests import message, turn
from tests.dropin.upstream import asked
from tests.live_server import Server

Object = dict[str, Any]

HELLO = message("user", "Hello")


def ask(server: Server, body: Object, *, compressed: bool = False) -> list[Object]:
    """The events of the answer, which must be a stream."""
    headers = {
        "accept": "text/event-stream",
        "content-type": "application/json",
        "originator": "codex_exec",
        "user-agent": "codex_exec/0.169.0",
        "x-codex-beta-features": "remote_compaction_v2",
    }
    data = json.dumps(body).encode()
    if compressed:
        data, headers["content-encoding"] = zstandard.compress(data), "zstd"
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.request("POST", "/v1/responses", data, headers)
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()
    assert answer.status == 200, told
    lines = [line for line in told.split("\n") if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def done(events: list[Object]) -> list[Object]:
    """What Codex keeps: the items that are done, of a response that is completed."""
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    assert isinstance(events[-1]["response"]["usage"]["total_tokens"], int)
    return [e["item"] for e in events if e["type"] == "response.output_item.done"]


def kept(item: Object) -> Object:
    """An item as Codex sends it back: without status and id."""
    return {k: v for k, v in item.items() if k not in ("status", "id")}


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "zstd"])
def test_a_turn_is_answered(server: Server, fake: Fake, compressed: bool) -> None:
    fake.script({"reasoning": "A greeting.", "content": "Hi."})

    reasoning, said = done(ask(server, turn(HELLO), compressed=compressed))

    assert reasoning["encrypted_content"] == "A greeting."
    assert said["content"][0]["text"] == "Hi."
    offered = [tool["function"]["name"] for tool in asked(fake)["tools"]]
    assert offered[-4:] == [
        "apply_patch",
        "multi_agent_v1__close_agent",
        "multi_agent_v1__spawn_agent",
        "mcp__sums__add",
    ]


@pytest.mark.parametrize(
    ("call", "told", "result"),
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
def test_a_call_comes_back_with_its_result(
    server: Server, fake: Fake, call: Object, told: Object, result: Object
) -> None:
    fake.script({"reasoning": "Look.", "content": "Let me look.", "tool_calls": [call]})
    fake.script({"content": "Done."})

    items = done(ask(server, turn(HELLO)))
    called = items[-1]
    answers = {**result, "call_id": called["call_id"]}
    second = done(ask(server, turn(HELLO, *map(kept, items), answers)))

    assert called == called | told
    assert second[-1]["content"][0]["text"] == "Done."
    *_, assistant, tool = asked(fake)["messages"]
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
    "something new": {"type": "invented_tomorrow", "payload": {"a": [1]}},
}


@pytest.mark.parametrize("odd", ODD_ITEMS)
def test_no_item_of_a_session_is_refused(server: Server, odd: str) -> None:
    assert done(ask(server, turn(message("user", "Go on."), ODD_ITEMS[odd], HELLO)))


def test_no_field_of_a_request_is_refused(server: Server) -> None:
    unheard: Object = {
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

    assert done(ask(server, turn(HELLO, **unheard)))


def test_a_schema_for_the_last_message_is_kept_beside_tools(
    server: Server, fake: Fake
) -> None:
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

    items = done(ask(server, turn(HELLO, text={"verbosity": "low", "format": form})))

    assert json.loads(items[-1]["content"][0]["text"]) == {"answer": "yes"}


def test_the_models_that_it_looks_for_are_listed(server: Server) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.request("GET", "/v1/models?client_version=0.169.0")

    answer = connection.getresponse()
    listed = json.load(answer)
    connection.close()

    assert answer.status == 200
    assert listed["data"]
