"""Convert the input items of a request to messages in the upstream form.

Reasoning, text and tool calls of one turn are separate items, but one message in the
upstream form. The content of an item is a text or a list of parts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import InvalidRequest
from app.translate.messages import (
    Part,
    function,
    image_part,
    join_texts,
    text_of,
    text_part,
)
from app.translate.openai import content
from app.translate.openai.dialect import arguments_text
from app.translate.openai.responses.tools import INPUT, TOOL_ITEM, qualified
from app.wire import json_codec

Item = Mapping[str, Any]

NO_TYPE = "input item missing required 'type' field"
BAD_ITEM = "input item must be an object"
ENCRYPTED_PREFIX = "gAAAA"  # of reasoning that only OpenAI can decrypt
COMMON_CALL_KEYS = frozenset({"type", "id", "call_id", "status", "name", "namespace"})
DETAILS = frozenset({"auto", "low", "high"})


def convert_items(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the items as messages; an error names the index of its item."""
    conversation = Conversation()
    for index, item in enumerate(items):
        try:
            conversation.add(item)
        except InvalidRequest as error:
            raise InvalidRequest(f"input[{index}]: {error.message}") from None
    return conversation.messages


def left_out(items: Iterable[Any]) -> set[str]:
    """Return the types of items that have no equivalent in the upstream form."""
    types = {_type(item) for item in items if isinstance(item, dict)}
    return {kind for kind in types if kind and kind not in ADD_BY_TYPE}


class Conversation:
    """Builds messages from items."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._reasoning: list[str] = []  # before the next item of the assistant

    def add(self, item: Any) -> None:
        """Add an item of any type; raise InvalidRequest if it is malformed."""
        if not isinstance(item, dict):
            raise InvalidRequest(BAD_ITEM)
        kind = _type(item)
        if not kind:
            raise InvalidRequest(NO_TYPE)
        if kind in ADD_BY_TYPE:
            ADD_BY_TYPE[kind](self, item)

    def add_message(self, item: Item) -> None:
        """Add a message; one of the assistant may continue its last message."""
        role = _string(item, "role")
        message_content = convert_content(item.get("content"))
        if role != "assistant":
            self._append({"role": role, "content": message_content})
            return
        text = text_of(message_content)
        last = self._last()
        if last.get("tool_calls"):  # text between a call and its result
            last["content"] = "\n".join(filter(None, [last["content"], text]))
        else:
            self.messages.append({"role": role, "content": text})
        self._attach_reasoning()

    def add_reasoning(self, item: Item) -> None:
        """Keep reasoning for the next item of the assistant."""
        if text := _readable_reasoning(item):
            self._reasoning.append(text)

    def add_call(self, item: Item) -> None:
        """Add a call to the assistant's last message, or in a new one."""
        name = _string(item, "name") or _type(item).removesuffix("_call")
        name = qualified(name, _string(item, "namespace"))
        called = function(name, arguments=_arguments(item))
        if self._last().get("role") != "assistant":
            self.messages.append({"role": "assistant", "content": ""})
        calls = self._last().setdefault("tool_calls", [])
        calls.append({"id": _string(item, "call_id"), **called})
        self._attach_reasoning()

    def add_result(self, item: Item) -> None:
        """Add the result of a call as a message of its own."""
        call_id = _string(item, "call_id") or _string(item, "id")
        output = convert_output(item.get("output"))
        self._append({"role": "tool", "content": output, "tool_call_id": call_id})

    def _append(self, message: dict[str, Any]) -> None:
        """Append a message that is not the assistant's."""
        self.messages.append(message)
        self._reasoning.clear()

    def _last(self) -> dict[str, Any]:
        return self.messages[-1] if self.messages else {}

    def _attach_reasoning(self) -> None:
        if self._reasoning:
            last = self._last()
            texts = filter(None, [last.get("reasoning"), *self._reasoning])
            last["reasoning"] = "\n".join(texts)
            self._reasoning.clear()


CALL_TYPES = (
    "function_call",
    "custom_tool_call",
    "local_shell_call",
    "shell_call",
    "apply_patch_call",
    "computer_call",
)
ADD_BY_TYPE: Mapping[str, Callable[[Conversation, Item], None]] = {
    "message": Conversation.add_message,
    "reasoning": Conversation.add_reasoning,
    **dict.fromkeys(CALL_TYPES, Conversation.add_call),
    **{f"{kind}_output": Conversation.add_result for kind in CALL_TYPES},
    "mcp_tool_call_output": Conversation.add_result,  # sent by Codex
    TOOL_ITEM: lambda *_: None,  # tools.py reads its tools
}


def _type(item: Item) -> str:
    """Return the type of an item; an item with a role needs none to be a message."""
    return _string(item, "type") or ("message" if item.get("role") else "")


def _string(item: Item, key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _arguments(item: Item) -> str:
    """Return the arguments of any kind of call as the JSON of an object."""
    arguments = item.get("arguments")
    if isinstance(arguments, str):
        return arguments_text(arguments or "{}")
    if isinstance(arguments, dict):
        return json_codec.encode(arguments).decode()
    if "input" in item:
        return json_codec.encode({INPUT: item["input"]}).decode()
    fields = {key: item[key] for key in item if key not in COMMON_CALL_KEYS}
    return json_codec.encode(fields).decode()


def _readable_reasoning(item: Item) -> str:
    """Return the text of a reasoning item, or "" if only OpenAI can read it.

    In the replies of Ollama and Cerellama, `encrypted_content` is plain text.
    """
    for key in ("content", "summary"):
        if reasoning := convert_content(item.get(key)):
            return text_of(reasoning)
    encrypted = _string(item, "encrypted_content")
    return "" if encrypted.startswith(ENCRYPTED_PREFIX) else encrypted


# Content


def convert_content(value: Any) -> str | list[Part]:
    """Return content as a text, or as parts if it has other parts too."""
    if value is None or isinstance(value, str):
        return value or ""
    parts = value if isinstance(value, list) else [value]
    return join_texts([new for part in parts for new in _converted(part)], "")


def convert_output(value: Any) -> str | list[Part]:
    """Return a tool's output: its text or parts, or any other value as JSON."""
    parts = value if isinstance(value, list) else [value]
    if all(isinstance(part, dict) and _part_type(part) in CONVERTERS for part in parts):
        return convert_content(parts)
    return value if isinstance(value, str) else json_codec.encode(value).decode()


def find_images(values: Sequence[Any]) -> Iterator[str]:
    """Yield the base64 text of all images in several contents, unchecked."""
    for value in values:
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and CONVERTERS.get(_part_type(part)) is _image:
                yield str(content.image_url(part)).partition(",")[2]


def _part_type(part: Mapping[str, Any]) -> str:
    return str(part.get("type"))


def _converted(part: Any) -> list[Part]:
    """Return a part in the upstream form, or nothing if it has no equivalent there."""
    if not isinstance(part, dict):
        raise InvalidRequest(content.BAD_PART)
    return CONVERTERS.get(_part_type(part), _text)(part)


def _text(part: Mapping[str, Any]) -> list[Part]:
    text = part.get("text")
    return [text_part(text)] if isinstance(text, str) else []


def _refusal(part: Mapping[str, Any]) -> list[Part]:
    return _text({"text": part.get("refusal")})


def _image(part: Mapping[str, Any]) -> list[Part]:
    url = content.image_url(part)
    if url is None:  # a file stored by OpenAI, which Ollama leaves out too
        return []
    detail = str(part.get("detail"))
    fields = {"detail": detail} if detail in DETAILS else {}
    return [content.convert_part(image_part(url, **fields))]


def _file(_: Mapping[str, Any]) -> list[Part]:
    raise InvalidRequest("file inputs are not currently supported")


def _audio(_: Mapping[str, Any]) -> list[Part]:
    raise InvalidRequest("audio input is not supported")


CONVERTERS = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "computer_screenshot": _image,
    "input_file": _file,
    "input_audio": _audio,
}
