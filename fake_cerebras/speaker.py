"""What the server says when no script does: a simulated, but fitting, answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fake_cerebras import conversation, encoding, pictures, small_talk, tool_use
from fake_cerebras.conversation import Body
from fake_cerebras.examples import Examples
from fake_cerebras.models import Model

NOTICE = "This is a simulated answer, no model is behind it."
QUOTED_LENGTH = 200
THOUGHTS = (
    "The user wants an answer to: {asked}",
    "No model is behind this server, so I must not pretend to know more than I do.",
    "Let me look at what came along: {messages} messages and {tools} tools.",
    "A short and friendly reply that names what was asked seems best.",
    "It should also say clearly that it is simulated.",
    "That is settled, so here is the answer.",
)
THOUGHTS_BY_EFFORT = {"none": 0, "low": 1, "medium": 3, "high": 6}


@dataclass(frozen=True)
class Speech:
    thought: str
    words: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)


def speak(body: Body, model: Model) -> Speech:
    asked = conversation.last_words(body)
    if "prompt" in body:
        return Speech("", f" [simulated continuation of {len(asked)} characters]")
    thought = think(body, model, asked)
    calls = tool_use.choose(body, asked)
    if calls:
        return Speech(thought, calls=calls)
    wanted = body.get("response_format") or {"type": "text"}
    if wanted["type"] != "text":
        return Speech(thought, encoding.dump(structured(wanted, asked)))
    return Speech(thought, " ".join([NOTICE, *sentences(body, asked)]))


def think(body: Body, model: Model, asked: str) -> str:
    effort = body.get("reasoning_effort") or model.default_effort
    facts = {
        "asked": shorten(asked),
        "messages": len(conversation.messages(body)),
        "tools": len(body.get("tools") or ()),
    }
    thoughts = THOUGHTS[: THOUGHTS_BY_EFFORT[effort]]
    return " ".join(thought.format(**facts) for thought in thoughts)


def sentences(body: Body, asked: str) -> Iterator[str]:
    results = conversation.tool_results(body)
    for name, result in results:
        yield f"The tool {name} answered: {shorten(result)}"
    yield from map(describe, conversation.pictures(conversation.messages(body)))
    if not results:
        yield small_talk.reply(asked) or f"You wrote: “{shorten(asked)}”"


def describe(image: bytes) -> str:
    seen = pictures.look(image)
    if seen is None:
        return "I was given a picture that I cannot read."
    return (
        f"I see a {seen.format.upper()} picture of {seen.width} × {seen.height} pixels."
    )


def structured(wanted: dict[str, Any], asked: str) -> Any:
    if wanted["type"] == "json_object":
        return {"simulated": True, "answer": small_talk.reply(asked) or shorten(asked)}
    schema = wanted["json_schema"].get("schema") or {}
    return Examples(schema, asked).make(schema)


def shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTED_LENGTH else text[: QUOTED_LENGTH - 1] + "…"
