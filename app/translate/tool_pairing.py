"""Pair tool calls with their results, as the upstream requires.

For the upstream, each call needs a unique id and is followed by its result, and each
result needs a call. Ollama's clients may leave out ids, names, or a part of the
conversation.
"""

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.translate.messages import Message, function, text_of

ID_LENGTH = 9  # hexadecimal digits, as in the upstream's own ids


@dataclass(slots=True)
class ToolCall:
    """A tool call of an assistant message, and the result found for it."""

    client_id: str
    name: str
    arguments: str
    id: str = ""
    result: Message | None = None


@dataclass(slots=True)
class Round:
    """Consecutive assistant messages with tool calls, and the messages after them."""

    assistants: list[tuple[Message, list[ToolCall]]]
    others: list[Message]  # up to the next round
    orphans: list[Message] = field(default_factory=list)  # results without a call

    def calls(self) -> list[ToolCall]:
        """Return the calls of all assistant messages, in order."""
        return [call for _, calls in self.assistants for call in calls]


def pair_results(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with each result after its call.

    A result belongs to the call with its id, else its name, else to the next call. A
    call without a result gets an empty one; a result without a call becomes a user
    message.
    """
    rounds = list(_split_rounds(messages))
    calls: list[ToolCall] = []
    for current in rounds:
        current.orphans = _assign_results(current, calls)
        calls += current.calls()
    _assign_ids(calls)
    return [
        message
        for current in rounds
        for message in _render(current, is_last=current is rounds[-1])
    ]


def _split_rounds(messages: Sequence[Message]) -> Iterator[Round]:
    current = Round([], [])
    for message in messages:
        if not message.get("tool_calls"):
            current.others.append(message)
            continue
        if current.others:
            yield current
            current = Round([], [])
        calls = [_read_call(call) for call in message["tool_calls"]]
        current.assistants.append((message, calls))
    yield current


def _read_call(call: Mapping[str, Any]) -> ToolCall:
    called = call.get("function") or {}
    return ToolCall(
        client_id=call.get("id") or "",
        name=called.get("name") or "",
        arguments=called.get("arguments") or "{}",
    )


def _assign_ids(calls: Sequence[ToolCall]) -> None:
    """Keep the first call with an id of the client's; make ids for the other calls.

    A new id depends only on the conversation up to its call, so it is the same in the
    next request: the upstream caches the prompt's beginning.
    """
    used: set[str] = set()
    for index, call in enumerate(calls):
        call.id = call.client_id
        if not call.id or call.id in used:
            call.id = _make_id(f"{index}\n{call.name}\n{call.arguments}", used)
        used.add(call.id)


def _make_id(seed: str, used: Container[str]) -> str:
    while True:
        seed = hashlib.sha256(seed.encode()).hexdigest()
        if seed[:ID_LENGTH] not in used:
            return seed[:ID_LENGTH]


Matches = Callable[[ToolCall, Message], bool]


def _same_id(call: ToolCall, result: Message) -> bool:
    return bool(call.client_id) and call.client_id == result.get("tool_call_id")


def _same_name(call: ToolCall, result: Message) -> bool:
    return bool(call.name) and call.name == result.get("name")


def _assign_results(current: Round, earlier: Sequence[ToolCall]) -> list[Message]:
    """Assign the results of a round to calls; return the results without a call."""
    calls = current.calls()
    results = [message for message in current.others if message["role"] == "tool"]
    searches: tuple[tuple[Sequence[ToolCall], Matches], ...] = (
        (calls, _same_id),
        (earlier[::-1], _same_id),
        (calls, _same_name),
        (calls, lambda *_: True),
    )
    for candidates, matches in searches:
        results = [each for each in results if not _assign(each, candidates, matches)]
        if not results:
            break
    return results


def _assign(result: Message, calls: Iterable[ToolCall], matches: Matches) -> bool:
    """Assign a result to the first open call that matches; return whether one did."""
    for call in calls:
        if call.result is None and matches(call, result):
            call.result = result
            return True
    return False


def _render(current: Round, *, is_last: bool) -> Iterator[Message]:
    for assistant, calls in current.assistants:
        # Calls at the end of the conversation have not run: an empty result would
        # claim that they have.
        if is_last and not current.others:
            yield from _without_calls(assistant)
            continue
        rendered = [
            {"id": call.id, **function(call.name, arguments=call.arguments)}
            for call in calls
        ]
        yield {**assistant, "tool_calls": rendered}
        yield from map(_render_result, calls)
    for message in current.others:
        if message["role"] != "tool":
            yield message
        elif any(message is orphan for orphan in current.orphans):
            yield _as_user_message(message)


def _without_calls(assistant: Message) -> Iterator[dict[str, Any]]:
    """Yield the assistant message without its calls, unless it is empty then."""
    message = {key: value for key, value in assistant.items() if key != "tool_calls"}
    if message.get("content"):
        yield message


def _render_result(call: ToolCall) -> dict[str, Any]:
    result = call.result or {}
    content = result.get("content") or ""
    return {**result, "role": "tool", "content": content, "tool_call_id": call.id}


def _as_user_message(result: Message) -> dict[str, Any]:
    title = f"Result of {result.get('name') or 'a tool'}"
    return {"role": "user", "content": f"{title}:\n{text_of(result.get('content'))}"}
