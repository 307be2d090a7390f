"""The output items of a response, and the events that a stream sends about them.

An item is added, grows and is done before the next item is added.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.translate.openai.responses.tools import CUSTOM, FUNCTION, INPUT, Tool
from app.translate.reply_writer import WholeCall
from app.wire import json_codec

Event = dict[str, Any]
Object = dict[str, Any]


class ItemType(NamedTuple):
    """The format of one type of item, and of the events about it."""

    type: str
    id_prefix: str
    text_event: str  # name of the text's events, without `.delta` or `.done`
    text_key: str  # of the whole text in `.done` events
    render: Callable[[Object, str, str], Object]  # (head, status, text) -> item
    part: Object = {}  # the part with the text, empty as in `.added`
    part_event: str = ""
    part_index: Object = {}  # in events about the part or the text
    extras: Object = {}  # further fields of the text's events


def _render_reasoning(head: Object, status: str, text: str) -> Object:
    summary = [{"type": "summary_text", "text": text}] if text else []
    item = {**head, "summary": summary}
    return item if status == "in_progress" else {**item, "encrypted_content": text}


def _render_message(head: Object, status: str, text: str) -> Object:
    content = [] if status == "in_progress" else [{**TEXT_PART, "text": text}]
    return {**head, "status": status, "role": "assistant", "content": content}


TEXT_PART = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
REASONING = ItemType(
    type="reasoning",
    id_prefix="rs",
    text_event="response.reasoning_summary_text",
    text_key="text",
    render=_render_reasoning,
    part={"type": "summary_text", "text": ""},
    part_event="response.reasoning_summary_part",
    part_index={"summary_index": 0},
)
MESSAGE = ItemType(
    type="message",
    id_prefix="msg",
    text_event="response.output_text",
    text_key="text",
    render=_render_message,
    part=TEXT_PART,
    part_event="response.content_part",
    part_index={"content_index": 0},
    extras={"logprobs": []},
)
CALLS = {
    FUNCTION: ItemType(
        type="function_call",
        id_prefix="fc",
        text_event="response.function_call_arguments",
        text_key="arguments",
        render=lambda head, status, text: {**head, "status": status, "arguments": text},
    ),
    CUSTOM: ItemType(
        type="custom_tool_call",
        id_prefix="ctc",
        text_event="response.custom_tool_call_input",
        text_key="input",
        render=lambda head, status, text: {**head, "status": status, "input": text},
    ),
}


class Item:
    """An item that is in progress."""

    def __init__(self, item_type: ItemType, index: int, head: Object) -> None:
        self.item_type = item_type
        self._head = head
        self._texts: list[str] = []
        self._position = {"item_id": head["id"], "output_index": index}

    def render(self, status: str) -> Object:
        """Return the item as an object."""
        return self.item_type.render(self._head, status, "".join(self._texts))

    def added_events(self) -> list[Event]:
        """Return the events that announce the item."""
        added = self._item_event("added", "in_progress")
        return [added, *self._part_events("added", "")]

    def delta_event(self, text: str) -> Event:
        """Append a text; return the event about it."""
        self._texts.append(text)
        return self._text_event("delta", {"delta": text})

    def done_events(self, status: str) -> list[Event]:
        """Return the events that end the item."""
        text = "".join(self._texts)
        text_done = self._text_event("done", {self.item_type.text_key: text})
        item_done = self._item_event("done", status)
        return [text_done, *self._part_events("done", text), item_done]

    def _item_event(self, suffix: str, status: str) -> Event:
        return {
            "type": f"response.output_item.{suffix}",
            "output_index": self._position["output_index"],
            "item": self.render(status),
        }

    def _text_event(self, suffix: str, fields: Object) -> Event:
        kind = self.item_type
        position = {**self._position, **kind.part_index}
        name = f"{kind.text_event}.{suffix}"
        return {"type": name, **position, **fields, **kind.extras}

    def _part_events(self, suffix: str, text: str) -> list[Event]:
        kind = self.item_type
        if not kind.part:
            return []
        name, part = f"{kind.part_event}.{suffix}", {**kind.part, "text": text}
        return [{"type": name, **self._position, **kind.part_index, "part": part}]


class Output:
    """All items of a response; only the last can be in progress."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._done: list[Object] = []
        self._open: Item | None = None

    def add_text(self, item_type: ItemType, text: str) -> list[Event]:
        """Add to the open item if it has this type, else to a new item."""
        if self._open and self._open.item_type is item_type:
            return [self._open.delta_event(text)]
        item, events = self._open_item(item_type)
        return [*events, item.delta_event(text)]

    def add_call(self, call: WholeCall, tool: Tool | None) -> list[Event]:
        """Add a whole call; without a tool it is a call of an unknown function."""
        tool = tool or Tool(FUNCTION, call.name, None, {})
        head = {"call_id": call.id, "name": tool.name}
        if tool.namespace:
            head["namespace"] = tool.namespace
        item, events = self._open_item(CALLS[tool.kind], head)
        return [*events, item.delta_event(_call_input(call, tool)), *self.close()]

    def close(self, status: str = "completed") -> list[Event]:
        """Close the open item, if there is one."""
        item, self._open = self._open, None
        if item is None:
            return []
        self._done.append(item.render(status))
        return item.done_events(status)

    def items(self) -> list[Object]:
        """Return all items so far; an open item is "incomplete"."""
        if self._open is None:
            return self._done
        return [*self._done, self._open.render("incomplete")]

    def _open_item(
        self, item_type: ItemType, head: Mapping[str, Any] = {}
    ) -> tuple[Item, list[Event]]:
        """Close the open item and open a new one; return it and the events."""
        events = self.close()
        item_id = f"{item_type.id_prefix}_{self._new_id()}{self._new_id()}"
        head = {"id": item_id, "type": item_type.type, **head}
        item = self._open = Item(item_type, len(self._done), head)
        return item, events + item.added_events()


def _call_input(call: WholeCall, tool: Tool) -> str:
    """Return the arguments as JSON, or the plain text for a custom tool."""
    text = call.arguments.get(INPUT)
    if tool.kind == CUSTOM and isinstance(text, str):
        return text
    return json_codec.encode(call.arguments).decode()
