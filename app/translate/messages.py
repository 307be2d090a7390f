"""Changes to the messages of a request in the upstream form.

A message's content is a text or a list of parts. No function changes its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]
Part = dict[str, Any]

ROLES = ("system", "developer", "user", "assistant", "tool")
ROLES_WITHOUT_DEVELOPER = frozenset(ROLES) - {"developer"}
REPLACED_ROLES = {"developer": "system"}
INSTRUCTING = frozenset({"system", "developer"})
TEXT_ONLY = frozenset({"assistant", "tool"})  # roles that may not send images


def parts_of(content: Any) -> list[Any]:
    """Return content as a list of parts, which is empty for an empty text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
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


def images_of(messages: Iterable[Message]) -> list[Part]:
    """Return the image parts of all messages."""
    return [
        part
        for message in messages
        if not isinstance(message.get("content"), str)
        for part in parts_of(message.get("content"))
        if part["type"] == "image_url"
    ]


def with_known_roles(
    messages: Iterable[Message], *, developer_role: bool
) -> list[Message]:
    """Map `developer` to `system` if the model lacks it, unknown roles to `user`."""
    known = ROLES if developer_role else ROLES_WITHOUT_DEVELOPER
    return [
        message
        if message["role"] in known
        else {**message, "role": REPLACED_ROLES.get(message["role"], "user")}
        for message in messages
    ]


def with_one_system(messages: Sequence[Message]) -> list[Message]:
    """Join all system messages into one and put it first."""
    systems = [message for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not systems:
        return others
    return [{"role": "system", "content": _join_contents(systems)}, *others]


def _join_contents(messages: Sequence[Message]) -> str | list[Any]:
    contents = [message.get("content") or "" for message in messages]
    if all(isinstance(content, str) for content in contents):
        return "\n\n".join(content for content in contents if content)
    return [part for content in contents for part in parts_of(content)]


def with_instruction(messages: Sequence[Message], line: str) -> list[dict[str, Any]]:
    """Append a line to the leading system message; add that message if needed."""
    if not messages or messages[0]["role"] not in INSTRUCTING:
        return [{"role": "system", "content": line}, *map(dict, messages)]
    first, *others = messages
    content = _join_contents([first, {"content": line}])
    return [{**first, "content": content}, *map(dict, others)]


def with_images_from_users(messages: Iterable[Message]) -> list[Message]:
    """Move the images of assistants and tools to user messages after them.

    The upstream accepts images from users only, and allows no user message between
    tool messages.
    """
    repaired: list[Message] = []
    images: list[Part] = []
    for message in messages:
        if images and message["role"] != "tool":
            repaired.append({"role": "user", "content": images})
            images = []
        if message["role"] not in TEXT_ONLY or isinstance(message["content"], str):
            repaired.append(message)
        else:
            images += images_of([message])
            repaired.append({**message, "content": text_of(message["content"])})
    if images:
        repaired.append({"role": "user", "content": images})
    return repaired


def without_reasoning(message: Message) -> Message:
    """Return the message without the model's earlier reasoning."""
    if "reasoning" not in message:
        return message
    return {key: value for key, value in message.items() if key != "reasoning"}
