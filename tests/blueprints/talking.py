"""How tests talk to an endpoint, and read what it says."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from PIL import Image
from werkzeug.test import TestResponse

from tests.cerebras import Fake

GPT, QWEN = "gpt-oss-120b", "qwen-3.8-27b"
CHAT, GENERATE, OPENAI = "/api/chat", "/api/generate", "/v1/chat/completions"
COMPLETIONS, RESPONSES = "/v1/completions", "/v1/responses"
MESSAGES = "/v1/messages"
WORDS = {GENERATE: "prompt", COMPLETIONS: "prompt", RESPONSES: "input"}

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "How the weather is",
        "parameters": {
            "type": "object",
            "properties": {"town": {"type": "string"}},
            "required": ["town"],
        },
    },
}
NAMED = {key: WEATHER["function"][key] for key in ("name", "description")}
SCHEMA = WEATHER["function"]["parameters"]
TOOLS = {
    RESPONSES: {"type": "function", **NAMED, "parameters": SCHEMA},
    MESSAGES: {**NAMED, "input_schema": SCHEMA},
}
TOWN = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["name", "people"],
}

Object = dict[str, Any]


def user(text: str = "hello") -> Object:
    return {"role": "user", "content": text}


def asking(path: str, text: str = "hello", **more: Any) -> Object:
    """A sound request; streamed or not as the endpoint's default is."""
    words = {WORDS[path]: text} if path in WORDS else {"messages": [user(text)]}
    needed = {"max_tokens": 100} if path == MESSAGES else {}
    return {"model": GPT, **words, **needed, **more}


def offering(path: str) -> Object:
    """A tool for the weather, offered as each route wants it; two take none."""
    if path in (GENERATE, COMPLETIONS):
        return {}
    return {"tools": [TOOLS.get(path, WEATHER)]}


def sent(fake: Fake) -> Object:
    """What the upstream was asked last."""
    body: Object = fake.inference_requests(at_least=1)[-1]["body"]
    return body


def lines(answer: TestResponse) -> list[Object]:
    """The objects of a native stream."""
    assert (answer.status_code, answer.content_type) == (200, "application/x-ndjson")
    *framed, rest = answer.data.split(b"\n")
    assert rest == b""
    return [json.loads(line) for line in framed]


def events(answer: TestResponse) -> list[Any]:
    """The data of each event of an OpenAI stream; comments and the end as text."""
    assert (answer.status_code, answer.content_type) == (200, "text/event-stream")
    *framed, rest = answer.text.split("\n\n")
    assert rest == ""
    return [_event(frame) for frame in framed]


def _event(frame: str) -> Any:
    *_, line = frame.split("\n")  # an event's name is also its type
    data = line.removeprefix("data: ")
    return json.loads(data) if data.startswith("{") else data


def chunks(answer: TestResponse) -> list[Object]:
    """The chunks alone, once it is sure that they are all there."""
    *said, end = events(answer)
    assert end == "[DONE]"
    return [each for each in said if isinstance(each, dict)]


def delta_texts(said: Iterable[Mapping[str, Any]], key: str) -> str:
    """One of the texts that an OpenAI stream adds up to."""
    return "".join(
        choice["delta"].get(key) or "" for each in said for choice in each["choices"]
    )


def texts(said: Iterable[Mapping[str, Any]], key: str) -> str:
    """One of the texts that a native stream adds up to, of either endpoint."""
    return "".join(_text(each, key) for each in said)


def _text(line: Mapping[str, Any], key: str) -> str:
    if "message" in line:
        return str(line["message"].get(key, ""))
    return str(line.get("response" if key == "content" else key, ""))


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (3, 2)) -> str:
    """A picture in base64."""
    data = io.BytesIO()
    Image.new(mode, size).save(data, kind)
    return base64.b64encode(data.getvalue()).decode()
