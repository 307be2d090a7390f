"""The answer without a script: canned text, a tool call, or JSON that fits a schema."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fake_cerebras import request
from fake_cerebras.models import Model
from fake_cerebras.request import Body
from fake_cerebras.schema_example import make_example

ANSWER = (
    "This is a canned answer of fake_cerebras, a stand-in for the Cerebras API: "
    "no API key is set, and no model reads what you write. "
    "Put CEREBRAS_API_KEY=... into .env and start again to get real answers."
)
REASONING = "No model is running, so this reasoning is canned."
SENTENCES_BY_EFFORT = {"none": 0, "low": 1, "medium": 2, "high": 3}
WORD = re.compile(r"[A-Za-z][a-z]{3,}|[A-Z]{4,}")  # four letters and more

Tool = Mapping[str, Any]


@dataclass(frozen=True)
class Parts:
    reasoning: str
    content: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)


def answer(body: Body, model: Model) -> Parts:
    if "prompt" in body:
        echo = body.get("echo") and isinstance(body["prompt"], str)
        return Parts("", f"{body['prompt'] if echo else ''} {ANSWER}")
    effort = body.get("reasoning_effort") or model.default_effort
    reasoning = " ".join([REASONING] * SENTENCES_BY_EFFORT[effort])
    tool = choose_tool(body)
    if tool is not None:
        return Parts(reasoning, tool_calls=[call_of(tool)])
    format = body.get("response_format") or {"type": "text"}
    if format["type"] == "json_object":
        return Parts(reasoning, json.dumps({"simulated": True, "answer": ANSWER}))
    if format["type"] == "json_schema":
        schema = format["json_schema"].get("schema") or {}
        example = make_example(schema)
        return Parts(reasoning, json.dumps(example, ensure_ascii=False))
    results = (f"Tool result: {text}" for text in request.tool_results(body))
    return Parts(reasoning, " ".join([ANSWER, *results, *image_descriptions(body)]))


def choose_tool(body: Body) -> Tool | None:
    """Return the tool to call: none after a tool's result or with `none`.

    Without a forced choice it is the first tool with a word of the last user message
    in its name, so that agents do not run tools that nobody mentioned.
    """
    tools: list[Tool] = body.get("tools") or []
    choice = body.get("tool_choice") or "auto"
    if not tools or choice == "none" or request.tool_results(body):
        return None
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        return next(tool for tool in tools if tool["function"]["name"] == name)
    words = words_of(request.last_user_text(body))
    mentioned = (t for t in tools if words & words_of(t["function"]["name"]))
    return next(mentioned, tools[0] if choice == "required" else None)


def words_of(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}


def call_of(tool: Tool) -> dict[str, Any]:
    schema = tool["function"].get("parameters") or {}
    arguments = make_example({"type": "object", **schema})
    return {"name": tool["function"]["name"], "arguments": arguments}


def image_descriptions(body: Body) -> Iterator[str]:
    for url in request.image_urls(body):
        image = request.read_image(base64.b64decode(url.partition(",")[2]))
        if image is not None:
            size = f"{image.width} × {image.height}"
            yield f"I see a {image.format.upper()} picture of {size} pixels."
