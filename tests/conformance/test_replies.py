"""The shape of replies of chat and generate: keys, their order, and the framing."""

import json
import re
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.conformance.client import BARE_JSON, GPT, JSON, NDJSON, Send

CHAT, GENERATE = "POST /api/chat", "POST /api/generate"
HEAD = ["model", "remote_model", "remote_host", "created_at"]
MEASURES = [
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
]
CREATED_AT = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")

both = pytest.mark.parametrize("route", [CHAT, GENERATE], ids=["chat", "generate"])


def request_body(route: str, prompt: str = "hello", **fields: Any) -> dict[str, Any]:
    if route == CHAT:
        messages = [{"role": "user", "content": prompt}]
        return {"model": GPT, "messages": messages, **fields}
    return {"model": GPT, "prompt": prompt, **fields}


def scripted_prompt(**script: Any) -> str:
    """Return a prompt that fake_cerebras answers by this script."""
    return f"@fake {json.dumps(script)}"


def read_text(route: str, line: dict[str, Any], key: str = "content") -> Any:
    if route == CHAT:
        return line["message"].get(key)
    return line.get({"content": "response"}.get(key, key))


def expected_keys(route: str, *fields: str, last: bool = False) -> list[str]:
    """Return the keys of a line in Ollama's order."""
    if route == CHAT:
        done = ["done_reason", *MEASURES] if last else []
        return [*HEAD, "message", "done", *done]
    done = ["done_reason", "context", *MEASURES] if last else []
    return [*HEAD, "response", *fields, "done", *done]


@both
@pytest.mark.parametrize("fields", [{}, {"stream": None}, {"stream": True}], ids=str)
def test_stream_has_ollamas_lines(
    send: Send, route: str, fields: dict[str, Any]
) -> None:
    prompt = scripted_prompt(content="Hello, dear world!")

    response = send(*route.split(), request_body(route, prompt, **fields))

    *lines, last = response.lines
    assert (response.status, response.content_type) == (200, NDJSON)
    assert response.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in response.headers
    assert [list(line) for line in lines] == [expected_keys(route)] * len(lines)
    assert list(last) == expected_keys(route, last=True)
    assert "".join(read_text(route, line) for line in lines) == "Hello, dear world!"
    assert [line["done"] for line in response.lines] == [False] * len(lines) + [True]


@both
def test_whole_reply_is_one_object(send: Send, route: str) -> None:
    body = request_body(route, scripted_prompt(content="Hello!"), stream=False)

    response = send(*route.split(), body)

    assert (response.status, response.content_type) == (200, JSON)
    assert not response.body.endswith(b"\n")
    assert list(response.json) == expected_keys(route, last=True)
    assert read_text(route, response.json) == "Hello!"


@both
@pytest.mark.parametrize("stream", [True, False])
def test_last_line_has_counts_and_durations(
    send: Send, route: str, stream: bool
) -> None:
    response = send(*route.split(), request_body(route, stream=stream))

    last = response.lines[-1] if stream else response.json
    assert all(type(last[name]) is int and last[name] > 0 for name in MEASURES)
    assert last["total_duration"] >= last["eval_duration"]
    assert last["done_reason"] == "stop"


@both
def test_times_have_the_format_of_go(send: Send, route: str) -> None:
    lines = send(*route.split(), request_body(route)).lines

    assert all(CREATED_AT.fullmatch(line["created_at"]) for line in lines)


@both
@pytest.mark.parametrize(
    "name",
    ["gpt-oss-120b:latest", "GPT-OSS-120B", "gpt-oss:120b", "gpt-oss:120b-cloud"],
)
def test_reply_has_the_requested_name(
    send: Send, fake: Fake, route: str, name: str
) -> None:
    lines = send(*route.split(), request_body(route, model=name)).lines

    assert {line["model"] for line in lines} == {name}
    assert {line["remote_model"] for line in lines} == {GPT}
    assert {line["remote_host"] for line in lines} == {fake.url}


@both
def test_thinking_comes_first_in_its_own_field(send: Send, route: str) -> None:
    text = scripted_prompt(reasoning="Let me see.", content="Forty-two.")

    lines = send(*route.split(), request_body(route, text)).lines

    thinking_lines = [line for line in lines if read_text(route, line, "thinking")]
    assert lines[: len(thinking_lines)] == thinking_lines
    assert all(read_text(route, line) == "" for line in thinking_lines)
    joined = "".join(read_text(route, line, "thinking") for line in thinking_lines)
    assert joined == "Let me see."
    assert list(thinking_lines[0]) == expected_keys(route, "thinking")
    if route == CHAT:
        assert list(thinking_lines[0]["message"]) == ["role", "content", "thinking"]


def test_tool_calls_are_whole_in_the_line_before_the_last(send: Send) -> None:
    call = {"name": "weather", "arguments": {"town": "Oslo", "days": 2}}
    tools = [{"type": "function", "function": {"name": "weather"}}]
    text = scripted_prompt(tool_calls=[call, call], arguments_delta_size=3)

    *_, called, last = send(*CHAT.split(), request_body(CHAT, text, tools=tools)).lines

    assert list(called["message"]) == ["role", "content", "tool_calls"]
    assert called["done"] is False
    for index, made in enumerate(called["message"]["tool_calls"]):
        assert list(made) == ["id", "function"]
        assert list(made["function"]) == ["index", "name", "arguments"]
        assert made["function"] == {"index": index, **call}
    assert last["message"] == {"role": "assistant", "content": ""}
    assert last["done_reason"] == "stop"


@both
def test_logprobs_are_those_of_the_text(send: Send, route: str) -> None:
    body = request_body(
        route, scripted_prompt(content="Yes."), logprobs=True, top_logprobs=2
    )

    lines = send(*route.split(), body).lines
    whole = send(*route.split(), {**body, "stream": False}).json

    entries = [entry for line in lines for entry in line.get("logprobs", ())]
    assert "".join(entry["token"] for entry in entries) == "Yes."
    assert list(entries[0]) == ["token", "logprob", "bytes", "top_logprobs"]
    assert len(entries[0]["top_logprobs"]) == 2
    assert entries[0]["bytes"] == list(entries[0]["token"].encode())
    assert whole["logprobs"] == entries


def test_logprobs_are_absent_unless_requested(send: Send) -> None:
    lines = send(*CHAT.split(), request_body(CHAT, top_logprobs=2)).lines

    assert not [line for line in lines if "logprobs" in line]


@both
@pytest.mark.parametrize("stream", [True, False, None])
@pytest.mark.parametrize(
    ("keep_alive", "reason"),
    [
        (None, "load"),
        (-1, "load"),
        ("5m", "load"),
        (0.5, "load"),
        (0, "unload"),
        ("0", "unload"),
        ("0s", "unload"),
        (0.0, "unload"),
    ],
)
def test_request_without_content_loads_or_unloads(
    send: Send, route: str, keep_alive: Any, reason: str, stream: bool | None
) -> None:
    body = {"model": GPT, "keep_alive": keep_alive, "stream": stream}
    empty = {"messages": None, "prompt": "", "images": [], "system": "x"}

    response = send(*route.split(), body | empty)

    content = (
        '"message":{"role":"assistant","content":""}'
        if route == CHAT
        else '"response":""'
    )
    assert (response.status, response.content_type) == (200, JSON)
    assert response.text == (
        f'{{"model":"{GPT}","created_at":"…",{content},'
        f'"done":true,"done_reason":"{reason}"}}'
    )


@both
def test_error_instead_of_a_stream_has_no_charset(send: Send, route: str) -> None:
    text = scripted_prompt(error="context_length_exceeded")

    streamed = send(*route.split(), request_body(route, text))
    whole = send(*route.split(), request_body(route, text, stream=False))

    assert (streamed.status, streamed.content_type) == (400, BARE_JSON)
    assert (whole.status, whole.content_type) == (400, JSON)
    assert streamed.body == whole.body
    assert set(streamed.json) == {"error"}
