"""What Claude Code sends, against a live server: answered, whatever is new in it."""

from __future__ import annotations

import copy
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard

from tests.cerebras import Fake
from tests.dropin import claude_code
from tests.dropin.upstream import asked
from tests.live_server import Server

MESSAGES = "/v1/messages?beta=true"
COUNT = "/v1/messages/count_tokens?beta=true"


def post(
    server: Server, path: str, body: Any, *, compressed: bool = False
) -> tuple[int, str]:
    data, headers = json.dumps(body).encode(), dict(claude_code.HEADERS)
    if compressed:
        data, headers["Content-Encoding"] = zstandard.compress(data), "zstd"
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    connection.request("POST", path, data, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize("model", ["gpt-oss-120b", "qwen-3.8-27b"])
@pytest.mark.parametrize("name", claude_code.BODIES)
def test_every_body_is_answered(server: Server, name: str, model: str) -> None:
    body = claude_code.BODIES[name] | {"model": model}

    status, text = post(server, MESSAGES, body)

    assert status == 200, text
    assert "event: error" not in text
    if body.get("stream"):
        assert text.startswith("event: message_start\n")
        assert text.endswith('data: {"type":"message_stop"}\n\n')
    else:
        assert json.loads(text)["type"] == "message"


@pytest.mark.parametrize("name", claude_code.BODIES)
def test_every_body_is_counted(server: Server, name: str) -> None:
    body = copy.deepcopy(claude_code.BODIES[name])
    for key in ("max_tokens", "stream", "metadata"):
        body.pop(key, None)

    status, text = post(server, COUNT, body)

    assert status == 200
    assert json.loads(text)["input_tokens"] > 0


def test_a_compressed_body_is_answered(server: Server) -> None:
    body = claude_code.BODIES["results of tools"]

    assert post(server, MESSAGES, body, compressed=True)[0] == 200


def test_a_conversation_goes_up_in_its_order(server: Server, fake: Fake) -> None:
    post(server, MESSAGES, claude_code.BODIES["results of tools"])

    system, hello, work, *results, also = asked(fake)["messages"]
    assert system["role"] == "system"
    assert "You are Claude Code" in system["content"]
    assert hello["content"].endswith("Fix the tests.")
    assert (work["content"], work["reasoning"]) == ("I look.", "Let me look.")
    assert [call["id"] for call in work["tool_calls"]] == ["toolu_01A", "toolu_01B"]
    assert [result["tool_call_id"] for result in results] == ["toolu_01A", "toolu_01B"]
    assert results[0]["content"] == "The tool failed.\nExit code 1"
    assert results[1]["content"] == "1: import os"
    assert also == {"role": "user", "content": "Also be quick."}


def test_tools_go_up_as_they_are_but_for_the_servers(
    server: Server, fake: Fake
) -> None:
    post(server, MESSAGES, claude_code.BODIES["first turn"])

    functions = {tool["function"]["name"]: tool for tool in asked(fake)["tools"]}
    assert not [name for name in functions if "search" in name]
    sent = functions["Bash"]["function"]["parameters"]
    assert sent == claude_code.TOOLS[0]["input_schema"]
    assert functions["bash"]["function"]["parameters"]["required"] == ["command"]


def test_the_session_opens_with_a_look_at_the_root(server: Server) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    connection.request("HEAD", "/", headers=claude_code.HEADERS)
    status = connection.getresponse().status
    connection.close()

    assert status == 200
