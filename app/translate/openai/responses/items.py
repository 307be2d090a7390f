"""The items of a request, put together to messages in the upstream form.

A call and what is said beside it are items of their own; upstream they are one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.errors import InvalidRequest
from app.translate.messages import text_of
from app.translate.openai.dialect import arguments_text
from app.translate.openai.responses import parts
from app.translate.openai.responses.tools import INPUT, TOOL_ITEM, qualified
from app.wire import json_codec

Item = Mapping[str, Any]

NO_TYPE = "input item missing required 'type' field"
BAD_ITEM = "input item must be an object"
CIPHER = "gAAAA"  # how what OpenAI has encrypted begins: nobody here can read it
ABOUT_CALLS = frozenset({"type", "id", "call_id", "status", "name", "namespace"})


def messages_of(items: Iterable[Any]) -> list[dict[str, Any]]:
    conversation = Conversation()
    for index, item in enumerate(items):
        try:
            conversation.add(item)
        except InvalidRequest as error:
            raise InvalidRequest(f"input[{index}]: {error.message}") from None
    return conversation.messages


def left_out(items: Iterable[Any]) -> set[str]:
    """The types of items that say nothing to a model of the upstream."""
    types = {_type(item) for item in items if isinstance(item, dict)}
    return {kind for kind in types if kind and kind not in ADDED}


class Conversation:
    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._thoughts: list[str] = []  # that lead to the assistant's next item

    def add(self, item: Any) -> None:
        if not isinstance(item, dict):
            raise InvalidRequest(BAD_ITEM)
        kind = _type(item)
        if not kind:
            raise InvalidRequest(NO_TYPE)
        if kind in ADDED:
            ADDED[kind](self, item)

    def add_message(self, item: Item) -> None:
        role, content = _text(item, "role"), parts.content_of(item.get("content"))
        if role != "assistant":
            self._add({"role": role, "content": content})
        elif self._last().get("tool_calls"):
            self._tell(text_of(content))
        else:
            self.messages.append({"role": role, "content": text_of(content)})
            self._attach_thoughts()

    def add_thought(self, item: Item) -> None:
        if thought := _thought(item):
            self._thoughts.append(thought)

    def add_call(self, item: Item) -> None:
        """Calls made at once, or after a few words, are one message."""
        name = _text(item, "name") or _type(item).removesuffix("_call")
        function = {
            "name": qualified(name, _text(item, "namespace")),
            "arguments": _arguments(item),
        }
        call = {"id": _text(item, "call_id"), "type": "function", "function": function}
        if self._last().get("role") != "assistant":
            self.messages.append({"role": "assistant", "content": ""})
        self._last().setdefault("tool_calls", []).append(call)
        self._attach_thoughts()

    def add_result(self, item: Item) -> None:
        call_id = _text(item, "call_id") or _text(item, "id")
        content = parts.result_of(item.get("output"))
        self._add({"role": "tool", "content": content, "tool_call_id": call_id})

    def _add(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self._thoughts.clear()

    def _tell(self, text: str) -> None:
        """Words between a call and its result belong to the call."""
        last = self._last()
        last["content"] = "\n".join(filter(None, [last["content"], text]))
        self._attach_thoughts()

    def _last(self) -> dict[str, Any]:
        return self.messages[-1] if self.messages else {}

    def _attach_thoughts(self) -> None:
        if self._thoughts:
            last = self._last()
            told = filter(None, [last.get("reasoning"), *self._thoughts])
            last["reasoning"] = "\n".join(told)
            self._thoughts.clear()


Add = Callable[[Conversation, Item], None]
ADDED: Mapping[str, Add] = {
    "message": Conversation.add_message,
    "reasoning": Conversation.add_thought,
    "function_call": Conversation.add_call,
    "custom_tool_call": Conversation.add_call,
    "local_shell_call": Conversation.add_call,
    "shell_call": Conversation.add_call,
    "apply_patch_call": Conversation.add_call,
    "computer_call": Conversation.add_call,
    "function_call_output": Conversation.add_result,
    "custom_tool_call_output": Conversation.add_result,
    "local_shell_call_output": Conversation.add_result,
    "shell_call_output": Conversation.add_result,
    "apply_patch_call_output": Conversation.add_result,
    "computer_call_output": Conversation.add_result,
    "mcp_tool_call_output": Conversation.add_result,  # of Codex
    TOOL_ITEM: lambda *_: None,  # they are among the tools
}


def _type(item: Item) -> str:
    """What has only a role is a message."""
    return _text(item, "type") or ("message" if item.get("role") else "")


def _text(item: Item, key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _arguments(item: Item) -> str:
    given = item.get("arguments")
    if isinstance(given, str):
        return arguments_text(given or "{}")
    if isinstance(given, dict):
        return json_codec.encode(given).decode()
    if "input" in item:
        return json_codec.encode({INPUT: item["input"]}).decode()
    asked = {key: value for key, value in item.items() if key not in ABOUT_CALLS}
    return json_codec.encode(asked).decode()


def _thought(item: Item) -> str:
    """What is readable of it; Ollama's `encrypted_content`, and ours, is plain text."""
    for key in ("content", "summary"):
        if text := parts.content_of(item.get(key)):
            return text_of(text)
    hidden = _text(item, "encrypted_content")
    return "" if hidden.startswith(CIPHER) else hidden
