"""The dialects: request bodies, and parsers of their replies."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from soak.plan import MODEL, Plan
from soak.reply import Reply

PLACE = {"type": "object", "properties": {"place": {"type": "string"}}}
LOOK = {"name": "look", "description": "Looks there", "parameters": PLACE}
FUNCTION = {"type": "function", "function": LOOK}
TOOL = {"name": "look", "description": "Looks there", "input_schema": PLACE}


@dataclass(frozen=True)
class Dialect:
    path: str
    body: Callable[[Plan, str], dict[str, Any]]
    read_event: Callable[[Reply, Any], None]
    read_whole: Callable[[Reply, Any], None]
    events: Callable[[Iterable[bytes]], Iterator[Any]]
    error_text: Callable[[Any], Any]  # from an error body to its text


def chat_body(plan: Plan, prompt: str) -> dict[str, Any]:
    body = {"messages": [{"role": "user", "content": prompt}]}
    return body | ({"tools": [FUNCTION]} if plan.content == "tool call" else {})


def generate_body(plan: Plan, prompt: str) -> dict[str, Any]:
    return {"prompt": prompt}


def anthropic_body(plan: Plan, prompt: str) -> dict[str, Any]:
    body = {"max_tokens": 60_000, "messages": [{"role": "user", "content": prompt}]}
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 2_000}}
    return body | thinking | ({"tools": [TOOL]} if plan.content == "tool call" else {})


def read_native(reply: Reply, event: Any) -> None:
    if "error" in event:
        return reply.fail(event["error"])
    message = event.get("message", {})
    reply.text += message.get("content", "") + event.get("response", "")
    reply.thinking += message.get("thinking", "") + event.get("thinking", "")
    for call in message.get("tool_calls", ()):
        reply.calls.append([call["function"]["name"], call["function"]["arguments"]])
    if event["done"]:
        reply.finish_reason, reply.tokens = event["done_reason"], event["eval_count"]
        reply.end()


def read_openai(reply: Reply, event: Any) -> None:
    if event == "[DONE]":
        return reply.end()
    if "error" in event:
        return reply.fail(event["error"]["message"])
    reply.tokens = (event.get("usage") or {}).get("completion_tokens", reply.tokens)
    for choice in event["choices"]:
        message = choice.get("delta") or choice.get("message") or {}
        reply.text += message.get("content") or ""
        reply.thinking += message.get("reasoning") or ""
        reply.finish_reason = choice.get("finish_reason") or reply.finish_reason
        for call in message.get("tool_calls") or ():
            add_openai_call(reply, call)


def add_openai_call(reply: Reply, call: Any) -> None:
    """Add a call, or a part of its arguments to one that was added before."""
    index = call.get("index", len(reply.calls))
    if index == len(reply.calls):
        reply.calls.append([call["function"]["name"], ""])
    reply.calls[index][1] += call["function"].get("arguments") or ""


def read_openai_whole(reply: Reply, body: Any) -> None:
    read_openai(reply, body)
    reply.end()


def read_anthropic(reply: Reply, event: Any) -> None:
    kind = event["type"]
    if kind == "message_stop":
        reply.end()
    elif kind == "error":
        reply.fail(event["error"]["message"])
    elif kind == "content_block_start":
        read_block(reply, event["content_block"])
    elif kind == "content_block_delta":
        read_anthropic_delta(reply, event["delta"])
    elif kind == "message_delta":
        reply.finish_reason = event["delta"]["stop_reason"]
        reply.tokens = event["usage"]["output_tokens"]


def read_block(reply: Reply, block: Any) -> None:
    reply.text += block.get("text", "")
    reply.thinking += block.get("thinking", "")
    if block["type"] == "tool_use":
        reply.calls.append([block["name"], block["input"] or ""])


def read_anthropic_delta(reply: Reply, delta: Any) -> None:
    reply.text += delta.get("text", "")
    reply.thinking += delta.get("thinking", "")
    if "partial_json" in delta:
        reply.calls[-1][1] += delta["partial_json"]


def read_anthropic_whole(reply: Reply, body: Any) -> None:
    for block in body["content"]:
        read_block(reply, block)
    reply.finish_reason = body["stop_reason"]
    reply.tokens = body["usage"]["output_tokens"]
    reply.end()


def ndjson(lines: Iterable[bytes]) -> Iterator[Any]:
    for line in lines:
        if not line.endswith(b"\n"):
            raise ValueError("a line without a newline")
        yield json.loads(line)


def sse(lines: Iterable[bytes]) -> Iterator[Any]:
    """Yield the data of each event: JSON objects parsed, other data as text."""
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
        raise ValueError("an event without a blank line")


def native_error(body: Any) -> Any:
    return body["error"]


def nested_error(body: Any) -> Any:
    return body["error"]["message"]


def native(path: str, body: Callable[[Plan, str], dict[str, Any]]) -> Dialect:
    return Dialect(path, body, read_native, read_native, ndjson, native_error)


DIALECTS = {
    "chat": native("/api/chat", chat_body),
    "generate": native("/api/generate", generate_body),
    "openai": Dialect(
        path="/v1/chat/completions",
        body=chat_body,
        read_event=read_openai,
        read_whole=read_openai_whole,
        events=sse,
        error_text=nested_error,
    ),
    "anthropic": Dialect(
        path="/v1/messages",
        body=anthropic_body,
        read_event=read_anthropic,
        read_whole=read_anthropic_whole,
        events=sse,
        error_text=nested_error,
    ),
}


def request_body(plan: Plan) -> bytes:
    prompt = f"{plan.name} @fake {json.dumps(plan.script)}"
    fields = DIALECTS[plan.dialect].body(plan, prompt)
    body = json.dumps({"model": MODEL, "stream": plan.stream, **fields}).encode()
    if plan.behaviour == "sends an invalid body":
        return CORRUPTIONS[plan.number // 7 % len(CORRUPTIONS)](body)
    return body


CORRUPTIONS: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: b"",
    lambda body: body[: len(body) // 2],
    lambda body: b"[" + body + b"]",
    lambda body: b"[" * 50_000,
    lambda body: body.replace(b'"gpt-oss-120b"', b'"nobody-has-this"'),
    lambda body: body.replace(b'"gpt-oss-120b"', b"5"),
    lambda body: body.replace(b'"stream"', b'"\xff\xfe"').replace(b"}", b"\xff"),
    lambda body: b"<html>" + body,
)
