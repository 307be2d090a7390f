"""Reads a request: what was said last, which tools answered, which pictures came."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Body = Mapping[str, Any]


def text(content: Any) -> str:
    """The words of a message's content, whichever of its forms it has."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    words = (part.get("text") for part in content if isinstance(part, Mapping))
    return "\n".join(each for each in words if isinstance(each, str))


def messages(body: Body) -> list[Mapping[str, Any]]:
    found = body.get("messages")
    if not isinstance(found, list):
        return []
    return [message for message in found if isinstance(message, Mapping)]


def last_words(body: Body) -> str:
    """What the user said last; of a raw completion, its prompt."""
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, list):
        return "\n".join(each for each in prompt if isinstance(each, str))
    for message in reversed(messages(body)):
        if message.get("role") == "user":
            return text(message.get("content"))
    return ""


def all_words(body: Body) -> str:
    return "\n".join(text(message.get("content")) for message in messages(body))


def tool_results(body: Body) -> list[tuple[str, str]]:
    """Name and text of the tool answers that end the conversation."""
    names = {
        call["id"]: call["function"]["name"]
        for message in messages(body)
        for call in message.get("tool_calls") or ()
    }
    results: list[tuple[str, str]] = []
    for message in reversed(messages(body)):
        if message.get("role") != "tool":
            break
        name = message.get("name") or names.get(message.get("tool_call_id"), "tool")
        results.insert(0, (name, text(message.get("content"))))
    return results


def image_urls(message: Mapping[str, Any]) -> Iterator[Any]:
    """The pictures of one message, as given."""
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        if part.get("type") == "image_url":
            yield part["image_url"]["url"]
        elif part.get("type") == "image":
            yield part["image"]


def pictures(found: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The bytes of all pictures, of a request that was found to be sound."""
    return [
        base64.b64decode(url.partition(",")[2])
        for message in found
        for url in image_urls(message)
    ]
