"""Roles and content of messages in the upstream form.

A message's content is a text or a list of parts. No function changes its arguments.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]
Part = dict[str, Any]

ROLES = ("system", "developer", "user", "assistant", "tool")
INSTRUCTING = frozenset({"system", "developer"})


def text_part(text: Any) -> Part:
    """Return a part of content with a text."""
    return {"type": "text", "text": text}


def image_part(url: str, **fields: Any) -> Part:
    """Return a part of content with an image, given as a data URL."""
    return {"type": "image_url", "image_url": {"url": url, **fields}}


def function(name: str, **fields: Any) -> dict[str, Any]:
    """Return a tool, a tool call with its `arguments`, or a tool choice."""
    return {"type": "function", "function": {"name": name, **fields}}


def parts_of(content: Any) -> list[Any]:
    """Return content as a list of parts, which is empty for an empty text."""
    if isinstance(content, str):
        return [text_part(content)] if content else []
    return list(content or ())


def text_of(content: Any) -> str:
    """Return the texts of content, joined by line breaks, without its images."""
    texts = [part["text"] for part in parts_of(content) if part["type"] == "text"]
    return "\n".join(texts)


def join_texts(parts: list[Part], separator: str) -> str | list[Part]:
    """Return parts as one text if all of them are texts, else unchanged."""
    if any(part["type"] != "text" for part in parts):
        return parts
    return separator.join(part["text"] for part in parts)


def join_contents(messages: Sequence[Message]) -> str | list[Any]:
    """Return the contents of messages as one: a text if all of them are texts."""
    contents = [message.get("content") or "" for message in messages]
    if all(isinstance(content, str) for content in contents):
        return "\n\n".join(content for content in contents if content)
    return [part for content in contents for part in parts_of(content)]


def with_instruction(messages: Sequence[Message], line: str) -> list[dict[str, Any]]:
    """Append a line to the leading system message; add that message if needed."""
    if not messages or messages[0]["role"] not in INSTRUCTING:
        return [{"role": "system", "content": line}, *map(dict, messages)]
    first, *others = messages
    content = join_contents([first, {"content": line}])
    return [{**first, "content": content}, *map(dict, others)]
