"""Requests of Claude Code are answered, also with fields that are unknown here."""

from typing import Any

import pytest

from tests.cerebras import Fake
from tests.dropin import claude_code
from tests.dropin.raw_http import Response, send_request
from tests.dropin.upstream import GPT, QWEN, last_request
from tests.live_server import Server

MESSAGES = "/v1/messages?beta=true"
COUNT = "/v1/messages/count_tokens?beta=true"


def post(server: Server, path: str, body: Any, *, compressed: bool = False) -> Response:
    headers = claude_code.HEADERS
    return send_request(server, "POST", path, body, headers, compressed=compressed)


@pytest.mark.parametrize("model", [GPT, QWEN])
@pytest.mark.parametrize("name", claude_code.BODIES)
def test_request_is_answered(server: Server, name: str, model: str) -> None:
    body = claude_code.BODIES[name] | {"model": model}

    response = post(server, MESSAGES, body)

    assert response.status == 200, response.body
    if body.get("stream"):
        types = [event["type"] for event in response.events]
        assert (types[0], types[-1]) == ("message_start", "message_stop")
        assert "error" not in types
    else:
        assert response.json["type"] == "message"


@pytest.mark.parametrize("name", claude_code.BODIES)
def test_tokens_of_a_request_are_counted(server: Server, name: str) -> None:
    left_out = ("max_tokens", "stream", "metadata")
    body = {k: v for k, v in claude_code.BODIES[name].items() if k not in left_out}

    response = post(server, COUNT, body)

    assert response.status == 200
    assert response.json["input_tokens"] > 0


def test_compressed_request_is_answered(server: Server) -> None:
    body = claude_code.BODIES["results of tools"]

    assert post(server, MESSAGES, body, compressed=True).status == 200


def test_conversation_is_sent_upstream_in_order(server: Server, fake: Fake) -> None:
    post(server, MESSAGES, claude_code.BODIES["results of tools"])

    system, hello, work, *results, last = last_request(fake)["messages"]
    assert system["role"] == "system"
    assert "You are Claude Code" in system["content"]
    assert hello["content"].endswith("Fix the tests.")
    assert (work["content"], work["reasoning"]) == ("I look.", "Let me look.")
    assert [call["id"] for call in work["tool_calls"]] == ["toolu_01A", "toolu_01B"]
    assert [result["tool_call_id"] for result in results] == ["toolu_01A", "toolu_01B"]
    assert results[0]["content"] == "The tool failed.\nExit code 1"
    assert results[1]["content"] == "1: import os"
    assert last == {"role": "user", "content": "Also be quick."}


def test_tools_are_sent_upstream_without_those_of_the_server(
    server: Server, fake: Fake
) -> None:
    post(server, MESSAGES, claude_code.BODIES["first turn"])

    functions = {
        tool["function"]["name"]: tool["function"]
        for tool in last_request(fake)["tools"]
    }
    assert not [name for name in functions if "search" in name]
    assert functions["Bash"]["parameters"] == claude_code.TOOLS[0]["input_schema"]
    assert functions["bash"]["parameters"]["required"] == ["command"]


def test_root_is_answered(server: Server) -> None:
    response = send_request(server, "HEAD", "/", headers=claude_code.HEADERS)

    assert response.status == 200
