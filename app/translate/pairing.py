"""Tool calls and their results, as the upstream pairs them.

Every call has a unique id and is followed by its result; no result lacks a call.
Clients keep to less: some send no ids, some no names, some only part of a conversation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.translate.messages import text_of

Message = Mapping[str, Any]

ID_LENGTH = 9  # hexadecimal digits, as in the upstream's own ids


@dataclass(slots=True)
class Call:
    """One call of an assistant's message, and the result found for it."""

    given_id: str
    name: str
    arguments: str
    id: str = ""
    result: Message | None = None


@dataclass(slots=True)
class Round:
    """Successive assistants that call tools, and what follows until the next round."""

    assistants: list[tuple[Message, list[Call]]]
    others: list[Message]
    orphans: list[Message] = field(default_factory=list)

    def calls(self) -> list[Call]:
        return [call for _, calls in self.assistants for call in calls]


def pair(messages: Sequence[Message]) -> list[Message]:
    """Put each result behind its call, found by id, else by name, else by order."""
    if not any(m["role"] == "tool" or m.get("tool_calls") for m in messages):
        return list(messages)
    rounds = list(_rounds(messages))
    earlier: list[Call] = []
    for this in rounds:
        this.orphans = _settle(this, earlier)
        earlier += this.calls()
    _give_ids(earlier)
    return [
        message
        for this in rounds
        for message in _render(this, is_last=this is rounds[-1])
    ]


def _rounds(messages: Sequence[Message]) -> Iterator[Round]:
    this = Round([], [])
    for message in messages:
        if not message.get("tool_calls"):
            this.others.append(message)
            continue
        if this.others:
            yield this
            this = Round([], [])
        this.assistants.append((message, [_call(c) for c in message["tool_calls"]]))
    yield this


def _call(call: Mapping[str, Any]) -> Call:
    function = call.get("function") or {}
    return Call(
        given_id=call.get("id") or "",
        name=function.get("name") or "",
        arguments=function.get("arguments") or "{}",
    )


def _give_ids(calls: Sequence[Call]) -> None:
    """Keep a client's id where it is the first of its kind, else make one.

    What is made depends on the conversation up to the call and so stays the same in
    the next request: the upstream caches prompts by their beginning.
    """
    used: set[str] = set()
    for place, call in enumerate(calls):
        call.id = call.given_id
        if not call.id or call.id in used:
            call.id = _make_id(f"{place}\n{call.name}\n{call.arguments}", used)
        used.add(call.id)


def _make_id(seed: str, used: Container[str]) -> str:
    while True:
        seed = hashlib.sha256(seed.encode()).hexdigest()
        if seed[:ID_LENGTH] not in used:
            return seed[:ID_LENGTH]


Match = Callable[[Call, Message], bool]


def _same_id(call: Call, result: Message) -> bool:
    return bool(call.given_id) and call.given_id == result.get("tool_call_id")


def _same_name(call: Call, result: Message) -> bool:
    return bool(call.name) and call.name == result.get("name")


def _any(call: Call, result: Message) -> bool:
    return True


def _settle(this: Round, earlier: Sequence[Call]) -> list[Message]:
    """Give the calls of a round their results; return those that answer no call."""
    calls = this.calls()
    left = [message for message in this.others if message["role"] == "tool"]
    searches = (
        (calls, _same_id),
        (earlier[::-1], _same_id),
        (calls, _same_name),
        (calls, _any),
    )
    for searched, matches in searches:
        left = [result for result in left if not _answer(searched, matches, result)]
        if not left:
            break
    return left


def _answer(calls: Iterable[Call], matches: Match, result: Message) -> bool:
    for call in calls:
        if call.result is None and matches(call, result):
            call.result = result
            return True
    return False


def _render(this: Round, *, is_last: bool) -> Iterator[Message]:
    for assistant, calls in this.assistants:
        # Nobody has run what ends the conversation: a result would be an invention.
        if is_last and not this.others:
            yield from _without_calls(assistant)
            continue
        yield {**assistant, "tool_calls": [_render_call(call) for call in calls]}
        yield from map(_render_result, calls)
    for message in this.others:
        if message["role"] != "tool":
            yield message
        elif any(message is orphan for orphan in this.orphans):
            yield _as_user(message)


def _without_calls(assistant: Message) -> Iterator[dict[str, Any]]:
    said = {key: value for key, value in assistant.items() if key != "tool_calls"}
    if said.get("content"):
        yield said


def _render_call(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _render_result(call: Call) -> dict[str, Any]:
    result = call.result or {}
    content = result.get("content") or ""
    return {**result, "role": "tool", "content": content, "tool_call_id": call.id}


def _as_user(result: Message) -> dict[str, Any]:
    name = result.get("name")
    told = f"Result of {name}" if name else "Result of a tool"
    return {"role": "user", "content": f"{told}:\n{text_of(result.get('content'))}"}
