"""How each dialect asks, and how its answers read, to the letter."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from soak.heard import Heard
from soak.plan import MODEL, Plan

PLACE = {"type": "object", "properties": {"place": {"type": "string"}}}
LOOK = {"name": "look", "description": "Looks there", "parameters": PLACE}
FUNCTION = {"type": "function", "function": LOOK}
TOOL = {"name": "look", "description": "Looks there", "input_schema": PLACE}


@dataclass(frozen=True)
class Dialect:
    path: str
    body: Callable[[Plan, str], dict[str, Any]]
    hear: Callable[[Heard, Any], None]  # one event of a stream
    hear_whole: Callable[[Heard, Any], None]
    events: Callable[[Iterable[bytes]], Iterator[Any]]
    error: Callable[[Any], Any]  # an error's text, out of its body


def chat_body(plan: Plan, prompt: str) -> dict[str, Any]:
    body = {"messages": [{"role": "user", "content": prompt}]}
    return body | ({"tools": [FUNCTION]} if plan.talk == "call" else {})


def generate_body(plan: Plan, prompt: str) -> dict[str, Any]:
    return {"prompt": prompt}


def anthropic_body(plan: Plan, prompt: str) -> dict[str, Any]:
    body = {"max_tokens": 60_000, "messages": [{"role": "user", "content": prompt}]}
    thinks = {"thinking": {"type": "enabled", "budget_tokens": 2_000}}
    return body | thinks | ({"tools": [TOOL]} if plan.talk == "call" else {})


def hear_native(heard: Heard, event: Any) -> None:
    if "error" in event:
        return heard.fail(event["error"])
    message = event.get("message", {})
    heard.text += message.get("content", "") + event.get("response", "")
    heard.thinking += message.get("thinking", "") + event.get("thinking", "")
    for call in message.get("tool_calls", ()):
        heard.calls.append([call["function"]["name"], call["function"]["arguments"]])
    if event["done"]:
        heard.reason, heard.tokens = event["done_reason"], event["eval_count"]
        heard.end()


def hear_openai(heard: Heard, event: Any) -> None:
    if event == "[DONE]":
        return heard.end()
    if "error" in event:
        return heard.fail(event["error"]["message"])
    heard.tokens = (event.get("usage") or {}).get("completion_tokens", heard.tokens)
    for choice in event["choices"]:
        said = choice.get("delta") or choice.get("message") or {}
        heard.text += said.get("content") or ""
        heard.thinking += said.get("reasoning") or ""
        heard.reason = choice.get("finish_reason") or heard.reason
        for call in said.get("tool_calls") or ():
            add_openai_call(heard, call)


def add_openai_call(heard: Heard, call: Any) -> None:
    """In a stream the arguments come in pieces, the name with the first."""
    index = call.get("index", len(heard.calls))
    if index == len(heard.calls):
        heard.calls.append([call["function"]["name"], ""])
    heard.calls[index][1] += call["function"].get("arguments") or ""


def hear_openai_whole(heard: Heard, answer: Any) -> None:
    hear_openai(heard, answer)
    heard.end()


def hear_anthropic(heard: Heard, event: Any) -> None:
    kind = event["type"]
    if kind == "message_stop":
        heard.end()
    elif kind == "error":
        heard.fail(event["error"]["message"])
    elif kind == "content_block_start":
        hear_block(heard, event["content_block"])
    elif kind == "content_block_delta":
        hear_anthropic_delta(heard, event["delta"])
    elif kind == "message_delta":
        heard.reason = event["delta"]["stop_reason"]
        heard.tokens = event["usage"]["output_tokens"]


def hear_block(heard: Heard, block: Any) -> None:
    heard.text += block.get("text", "")
    heard.thinking += block.get("thinking", "")
    if block["type"] == "tool_use":
        heard.calls.append([block["name"], block["input"] or ""])


def hear_anthropic_delta(heard: Heard, delta: Any) -> None:
    heard.text += delta.get("text", "")
    heard.thinking += delta.get("thinking", "")
    if "partial_json" in delta:
        heard.calls[-1][1] += delta["partial_json"]


def hear_anthropic_whole(heard: Heard, answer: Any) -> None:
    for block in answer["content"]:
        hear_block(heard, block)
    heard.reason = answer["stop_reason"]
    heard.tokens = answer["usage"]["output_tokens"]
    heard.end()


def ndjson(lines: Iterable[bytes]) -> Iterator[Any]:
    for line in lines:
        if not line.endswith(b"\n"):
            raise ValueError("a line without an end")
        yield json.loads(line)


def sse(lines: Iterable[bytes]) -> Iterator[Any]:
    """The data of each event; what is no JSON object stays text."""
    data, open_event = "", False
    for line in lines:
        text = line.decode().rstrip("\n")
        open_event = bool(text)
        if text.startswith("data: "):
            data += text.removeprefix("data: ")
        elif not text and data:
            yield json.loads(data) if data.startswith("{") else data
            data = ""
    if open_event or data:
        raise ValueError("an event without an end")


def native_error(body: Any) -> Any:
    return body["error"]


def nested_error(body: Any) -> Any:
    return body["error"]["message"]


def native(path: str, body: Callable[[Plan, str], dict[str, Any]]) -> Dialect:
    return Dialect(path, body, hear_native, hear_native, ndjson, native_error)


DIALECTS = {
    "chat": native("/api/chat", chat_body),
    "generate": native("/api/generate", generate_body),
    "openai": Dialect(
        path="/v1/chat/completions",
        body=chat_body,
        hear=hear_openai,
        hear_whole=hear_openai_whole,
        events=sse,
        error=nested_error,
    ),
    "anthropic": Dialect(
        path="/v1/messages",
        body=anthropic_body,
        hear=hear_anthropic,
        hear_whole=hear_anthropic_whole,
        events=sse,
        error=nested_error,
    ),
}


def request(plan: Plan) -> dict[str, Any]:
    """The body that asks for what is planned."""
    prompt = f"{plan.name} @fake {json.dumps(plan.script)}"
    own = DIALECTS[plan.dialect].body(plan, prompt)
    return {"model": MODEL, "stream": plan.stream, **own}
