"""Repairs of a conversation in the upstream form that no dialect can know it needs.

A message's content is a text or a list of parts; inputs are never changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]

ROLES = ("system", "developer", "user", "assistant", "tool")
ROLES_WITHOUT_DEVELOPER = frozenset(ROLES) - {"developer"}
OTHER_ROLES = {"developer": "system"}
INSTRUCTING = frozenset({"system", "developer"})
SPEAKING = frozenset({"assistant", "tool"})  # in words only


def parts_of(content: Any) -> list[Any]:
    """Content as parts; an empty text has none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content or ())


def text_of(content: Any) -> str:
    """The text of a message, without its pictures."""
    texts = [part["text"] for part in parts_of(content) if part["type"] == "text"]
    return "\n".join(texts)


def pictures_of(messages: Iterable[Message]) -> list[dict[str, Any]]:
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
    """Make developers systems where the model has no such role, strangers users."""
    known = ROLES if developer_role else ROLES_WITHOUT_DEVELOPER
    return [
        message
        if message["role"] in known
        else {**message, "role": OTHER_ROLES.get(message["role"], "user")}
        for message in messages
    ]


def with_one_system(messages: Sequence[Message]) -> list[Message]:
    """Join all system messages into one, in front of everything else."""
    systems = [message for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not systems:
        return others
    return [{"role": "system", "content": _joined(systems)}, *others]


def _joined(messages: Sequence[Message]) -> str | list[Any]:
    contents = [message.get("content") or "" for message in messages]
    if all(isinstance(content, str) for content in contents):
        return "\n\n".join(content for content in contents if content)
    return [part for content in contents for part in parts_of(content)]


def with_instruction(messages: Sequence[Message], line: str) -> list[dict[str, Any]]:
    """Add a line to the leading system message, or put one there."""
    if not messages or messages[0]["role"] not in INSTRUCTING:
        return [{"role": "system", "content": line}, *map(dict, messages)]
    first, *others = messages
    told = _joined([first, {"content": line}])
    return [{**first, "content": told}, *map(dict, others)]


def with_pictures_from_users(messages: Iterable[Message]) -> list[Message]:
    """Leave only text in what others said; a user shows their pictures after it.

    The upstream takes pictures from assistants and tools not at all, and lets nothing
    come between tool messages.
    """
    repaired: list[Message] = []
    pictures: list[dict[str, Any]] = []
    for message in messages:
        if pictures and message["role"] != "tool":
            repaired += _shown(pictures)
            pictures = []
        if message["role"] not in SPEAKING or isinstance(message["content"], str):
            repaired.append(message)
        else:
            pictures += pictures_of([message])
            repaired.append({**message, "content": text_of(message["content"])})
    return [*repaired, *_shown(pictures)]


def _shown(pictures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": pictures}] if pictures else []


def without_reasoning(message: Message) -> Message:
    if "reasoning" not in message:
        return message
    return {key: value for key, value in message.items() if key != "reasoning"}
