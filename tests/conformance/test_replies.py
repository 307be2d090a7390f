"""The shape of what generate and chat answer: keys, their order, and the framing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.cerebras import Fake
from tests.conformance.asking import MODEL, Ask, J, N, P

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

both = pytest.mark.parametrize("request_", [CHAT, GENERATE], ids=["chat", "generate"])


def asked(request: str, prompt: str = "hello", **more: Any) -> dict[str, Any]:
    if request == CHAT:
        messages = [{"role": "user", "content": prompt}]
        return {"model": MODEL, "messages": messages, **more}
    return {"model": MODEL, "prompt": prompt, **more}


def prompt(**script: Any) -> str:
    return f"@fake {json.dumps(script)}"


def said(request: str, line: dict[str, Any], key: str = "content") -> Any:
    if request == CHAT:
        return line["message"].get(key)
    return line.get({"content": "response"}.get(key, key))


def keys(request: str, *more: str, last: bool = False) -> list[str]:
    """Of one line, in Ollama's order."""
    if request == CHAT:
        done = ["done_reason", *MEASURES] if last else []
        return [*HEAD, "message", "done", *done]
    done = ["done_reason", "context", *MEASURES] if last else []
    return [*HEAD, "response", *more, "done", *done]


@both
def test_a_stream(ask: Ask, request_: str) -> None:
    answer = ask(
        *request_.split(), asked(request_, prompt(content="Hello, dear world!"))
    )

    *lines, last = answer.lines
    assert (answer.status, answer.kind) == (200, N)
    assert answer.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in answer.headers
    assert [list(line) for line in lines] == [keys(request_)] * len(lines)
    assert list(last) == keys(request_, last=True)
    assert "".join(said(request_, line) for line in lines) == "Hello, dear world!"
    assert [line["done"] for line in answer.lines] == [False] * len(lines) + [True]


@both
def test_a_whole_answer_is_one_object(ask: Ask, request_: str) -> None:
    body = asked(request_, prompt(content="Hello!"), stream=False)

    answer = ask(*request_.split(), body)

    assert (answer.status, answer.kind) == (200, J)
    assert not answer.body.endswith(b"\n")
    assert list(answer.json) == keys(request_, last=True)
    assert said(request_, answer.json) == "Hello!"


@both
@pytest.mark.parametrize("stream", [True, False])
def test_the_last_line_has_all_measures(ask: Ask, request_: str, stream: bool) -> None:
    answer = ask(*request_.split(), asked(request_, stream=stream))

    last = answer.lines[-1] if stream else answer.json
    assert all(type(last[name]) is int and last[name] > 0 for name in MEASURES)
    assert last["total_duration"] >= last["eval_duration"]
    assert last["done_reason"] == "stop"


@both
def test_times_are_gos(ask: Ask, request_: str) -> None:
    lines = ask(*request_.split(), asked(request_)).lines

    assert all(CREATED_AT.fullmatch(line["created_at"]) for line in lines)


@both
@pytest.mark.parametrize(
    "name",
    ["gpt-oss-120b:latest", "GPT-OSS-120B", "gpt-oss:120b", "gpt-oss:120b-cloud"],
)
def test_the_name_is_echoed_as_it_was_sent(
    ask: Ask, fake: Fake, request_: str, name: str
) -> None:
    lines = ask(*request_.split(), asked(request_, model=name)).lines

    assert {line["model"] for line in lines} == {name}
    assert {line["remote_model"] for line in lines} == {MODEL}
    assert {line["remote_host"] for line in lines} == {fake.url}


@both
def test_thinking_comes_first_and_apart(ask: Ask, request_: str) -> None:
    text = prompt(reasoning="Let me see.", content="Forty-two.")

    lines = ask(*request_.split(), asked(request_, text)).lines

    thoughts = [line for line in lines if said(request_, line, "thinking")]
    assert lines[: len(thoughts)] == thoughts
    assert all(said(request_, line) == "" for line in thoughts)
    joined = "".join(said(request_, line, "thinking") for line in thoughts)
    assert joined == "Let me see."
    assert list(thoughts[0]) == keys(request_, "thinking")
    if request_ == CHAT:
        assert list(thoughts[0]["message"]) == ["role", "content", "thinking"]


def test_tool_calls_are_whole_and_come_before_the_last_line(ask: Ask) -> None:
    call = {"name": "weather", "arguments": {"town": "Oslo", "days": 2}}
    tools = [{"type": "function", "function": {"name": "weather"}}]
    text = prompt(tool_calls=[call, call], arguments_delta_size=3)

    *_, called, last = ask(*CHAT.split(), asked(CHAT, text, tools=tools)).lines

    assert list(called["message"]) == ["role", "content", "tool_calls"]
    assert called["done"] is False
    for index, made in enumerate(called["message"]["tool_calls"]):
        assert list(made) == ["id", "function"]
        assert list(made["function"]) == ["index", "name", "arguments"]
        assert made["function"] == {"index": index, **call}
    assert last["message"] == {"role": "assistant", "content": ""}
    assert last["done_reason"] == "stop"


@both
def test_logprobs(ask: Ask, request_: str) -> None:
    body = asked(request_, prompt(content="Yes."), logprobs=True, top_logprobs=2)

    lines = ask(*request_.split(), body).lines
    whole = ask(*request_.split(), {**body, "stream": False}).json

    entries = [entry for line in lines for entry in line.get("logprobs", ())]
    assert "".join(entry["token"] for entry in entries) == "Yes."
    assert list(entries[0]) == ["token", "logprob", "bytes", "top_logprobs"]
    assert len(entries[0]["top_logprobs"]) == 2
    assert entries[0]["bytes"] == list(entries[0]["token"].encode())
    assert whole["logprobs"] == entries


def test_no_logprobs_unless_asked_for(ask: Ask) -> None:
    lines = ask(*CHAT.split(), asked(CHAT, top_logprobs=2)).lines

    assert not [line for line in lines if "logprobs" in line]


@both
def test_what_would_be_asked(ask: Ask, fake: Fake, request_: str) -> None:
    fake.reset()

    answer = ask(*request_.split(), asked(request_, _debug_render_only=True))

    shown = answer.json["_debug_info"]
    words = "message" if request_ == CHAT else "response"
    assert (answer.status, answer.kind) == (200, J)
    assert list(answer.json) == [*HEAD, words, "done", "_debug_info"]
    assert said(request_, answer.json) == ""
    assert answer.json["done"] is False
    assert json.loads(shown["rendered_template"])["messages"][-1]["content"] == "hello"
    assert fake.inference_requests() == []


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
def test_loading_and_unloading(
    ask: Ask, request_: str, keep_alive: Any, reason: str, stream: bool | None
) -> None:
    body = {"model": MODEL, "keep_alive": keep_alive, "stream": stream}
    nothing = {"messages": None, "prompt": "", "images": [], "system": "x"}

    answer = ask(*request_.split(), body | nothing)

    words = (
        '"message":{"role":"assistant","content":""}'
        if request_ == CHAT
        else '"response":""'
    )
    assert (answer.status, answer.kind) == (200, J)
    assert answer.text == (
        f'{{"model":"{MODEL}","created_at":"…",{words},'
        f'"done":true,"done_reason":"{reason}"}}'
    )


@both
def test_an_error_instead_of_a_stream_has_no_charset(ask: Ask, request_: str) -> None:
    text = prompt(error="context_length_exceeded")

    streamed = ask(*request_.split(), asked(request_, text))
    whole = ask(*request_.split(), asked(request_, text, stream=False))

    assert (streamed.status, streamed.kind) == (400, P)
    assert (whole.status, whole.kind) == (400, J)
    assert streamed.body == whole.body
    assert set(streamed.json) == {"error"}


@both
def test_an_error_in_a_stream_is_its_last_line(ask: Ask, request_: str) -> None:
    text = prompt(content="word " * 20, fault="in_stream_error", after=4)

    answer = ask(*request_.split(), asked(request_, text))

    *lines, last = answer.lines
    assert (answer.status, answer.kind) == (200, N)
    assert list(last) == ["error"]
    assert lines
    assert not any(line["done"] for line in lines)


@both
def test_a_whole_answer_is_whole_or_an_error(ask_once: Ask, request_: str) -> None:
    text = prompt(content="one two three", fault="cut", after=40)

    answer = ask_once(*request_.split(), asked(request_, text, stream=False))

    assert (answer.status, answer.kind) == (502, J)
    assert list(answer.json) == ["error"]


@both
def test_nothing_of_an_answer_breaks_its_lines(ask: Ask, request_: str) -> None:
    words = 'a\u0085b\u2028c\u2029d\r\n"e\\ \U0001f600'

    answer = ask(
        *request_.split(), asked(request_, prompt(content=words, delta_size=1))
    )

    assert len(answer.body.decode().splitlines()) == len(answer.lines)
    assert "".join(said(request_, line) for line in answer.lines) == words


@both
def test_a_cut_by_the_cap_is_told(ask: Ask, request_: str) -> None:
    body = asked(request_, options={"num_predict": 2}, think=False)

    assert ask(*request_.split(), body).lines[-1]["done_reason"] == "length"
