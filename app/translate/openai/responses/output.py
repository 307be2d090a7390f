"""The items that a reply is made of, one after the other, and the events that tell.

An item opens, grows and closes before the next one opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.translate.deltas import WholeCall
from app.translate.openai.responses.tools import CUSTOM, FUNCTION, INPUT, Tool
from app.wire import json_codec

Event = dict[str, Any]
Object = dict[str, Any]


class Kind(NamedTuple):
    """How a type of item is told."""

    type: str
    id_prefix: str
    event: str  # what its text's events are called, before `.delta` and `.done`
    key: str  # where the whole text stands
    render: Callable[[Object, str, str], Object]  # (head, status, text) -> item
    part: Object  # the part its text is in, still empty; {} if it has no parts
    part_event: str = ""
    place: Object = {}  # of the part
    extras: Object = {}  # in the text's events


def _reasoning(head: Object, status: str, text: str) -> Object:
    summary = [{"type": "summary_text", "text": text}] if text else []
    item = {**head, "summary": summary}
    return item if status == "in_progress" else {**item, "encrypted_content": text}


def _message(head: Object, status: str, text: str) -> Object:
    content = [] if status == "in_progress" else [{**TEXT_PART, "text": text}]
    return {**head, "status": status, "role": "assistant", "content": content}


def _function_call(head: Object, status: str, text: str) -> Object:
    return {**head, "status": status, "arguments": text}


def _custom_call(head: Object, status: str, text: str) -> Object:
    return {**head, "status": status, "input": text}


TEXT_PART = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
REASONING = Kind(
    type="reasoning",
    id_prefix="rs",
    event="response.reasoning_summary_text",
    key="text",
    render=_reasoning,
    part={"type": "summary_text", "text": ""},
    part_event="response.reasoning_summary_part",
    place={"summary_index": 0},
)
MESSAGE = Kind(
    type="message",
    id_prefix="msg",
    event="response.output_text",
    key="text",
    render=_message,
    part=TEXT_PART,
    part_event="response.content_part",
    place={"content_index": 0},
    extras={"logprobs": []},
)
CALLS = {
    FUNCTION: Kind(
        type="function_call",
        id_prefix="fc",
        event="response.function_call_arguments",
        key="arguments",
        render=_function_call,
        part={},
    ),
    CUSTOM: Kind(
        type="custom_tool_call",
        id_prefix="ctc",
        event="response.custom_tool_call_input",
        key="input",
        render=_custom_call,
        part={},
    ),
}


class Item:
    """An item that is open."""

    def __init__(self, kind: Kind, index: int, head: Object) -> None:
        self.kind = kind
        self._head = head
        self._texts: list[str] = []
        self._at = {"item_id": head["id"], "output_index": index}

    def render(self, status: str) -> Object:
        return self.kind.render(self._head, status, "".join(self._texts))

    def opening(self) -> list[Event]:
        added = {
            "type": "response.output_item.added",
            "output_index": self._at["output_index"],
            "item": self.render("in_progress"),
        }
        return [added, *self._part("added", "")]

    def delta(self, text: str) -> Event:
        self._texts.append(text)
        return self._told("delta", {"delta": text})

    def closing(self, status: str) -> list[Event]:
        text = "".join(self._texts)
        done = {
            "type": "response.output_item.done",
            "output_index": self._at["output_index"],
            "item": self.render(status),
        }
        whole = self._told("done", {self.kind.key: text})
        return [whole, *self._part("done", text), done]

    def _told(self, moment: str, what: Object) -> Event:
        kind = self.kind
        name = f"{kind.event}.{moment}"
        return {"type": name, **self._at, **kind.place, **what, **kind.extras}

    def _part(self, moment: str, text: str) -> list[Event]:
        kind = self.kind
        if not kind.part:
            return []
        name, part = f"{kind.part_event}.{moment}", {**kind.part, "text": text}
        return [{"type": name, **self._at, **kind.place, "part": part}]


class Output:
    """All items of a reply; at most one is open, and it is the last."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._done: list[Object] = []
        self._open: Item | None = None

    def say(self, kind: Kind, text: str) -> list[Event]:
        """Add to the open item if it is of that kind, else to a new one."""
        events = [] if self._open and self._open.kind is kind else self._turn_to(kind)
        assert self._open is not None
        return [*events, self._open.delta(text)]

    def call(self, call: WholeCall, tool: Tool | None) -> list[Event]:
        """A call comes whole; one of a tool nobody offered is told as a function's."""
        tool = tool or Tool(FUNCTION, call.name, None, {})
        head = {"call_id": call.id, "name": tool.name}
        if tool.namespace:
            head["namespace"] = tool.namespace
        events = self._turn_to(CALLS[tool.kind], head)
        assert self._open is not None
        return [*events, self._open.delta(_input(call, tool)), *self.close()]

    def close(self, status: str = "completed") -> list[Event]:
        """Close the open item, if there is one."""
        item, self._open = self._open, None
        if item is None:
            return []
        self._done.append(item.render(status))
        return item.closing(status)

    def items(self) -> list[Object]:
        """All items so far; one that is still open stays as it is."""
        if self._open is None:
            return self._done
        return [*self._done, self._open.render("incomplete")]

    def _turn_to(self, kind: Kind, head: Mapping[str, Any] = {}) -> list[Event]:
        closing = self.close()
        item_id = f"{kind.id_prefix}_{self._new_id()}{self._new_id()}"
        head = {"id": item_id, "type": kind.type, **head}
        self._open = Item(kind, len(self._done), head)
        return closing + self._open.opening()


def _input(call: WholeCall, tool: Tool) -> str:
    given = call.arguments.get(INPUT)
    if tool.kind == CUSTOM and isinstance(given, str):
        return given
    return json_codec.encode(call.arguments).decode()
