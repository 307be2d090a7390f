"""Tool calls and the messages that answer them. All texts are guesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fake_cerebras.errors import invalid


def check(messages: Sequence[Mapping[str, Any]]) -> None:
    """Each call is answered right after it, nothing else is, and no id comes twice."""
    seen: set[str] = set()
    unanswered: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            answer(message["tool_call_id"], unanswered)
            continue
        need_none(unanswered)
        for call in message.get("tool_calls") or ():
            open_call(call["id"], seen)
            unanswered.add(call["id"])
    need_none(unanswered)


def answer(call_id: str, unanswered: set[str]) -> None:
    if call_id not in unanswered:
        raise invalid(f"tool message answers no tool call: '{call_id}'", "messages")
    unanswered.remove(call_id)


def open_call(call_id: str, seen: set[str]) -> None:
    if call_id in seen:
        raise invalid(f"duplicate tool_call id: '{call_id}'", "messages")
    seen.add(call_id)


def need_none(unanswered: set[str]) -> None:
    if unanswered:
        missing = ", ".join(sorted(unanswered))
        raise invalid(f"tool calls without a tool message: {missing}", "messages")
