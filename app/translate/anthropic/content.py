"""What messages say, from Anthropic's blocks to the upstream's messages.

Blocks of an unknown type, and documents that are no text, are left out.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import InvalidRequest
from app.translate import images
from app.wire import json_codec

Block = Mapping[str, Any]
Part = dict[str, Any]
Message = dict[str, Any]

FAILED = "The tool failed."
ASSISTANT = "assistant"


def text_of(content: Any) -> str:
    """The texts of a system prompt, which are one text to Ollama."""
    parts = [_text(block) for block in blocks_of(content) if block["type"] == "text"]
    return "".join(part["text"] for part in sum(parts, []))


def blocks_of(content: Any) -> list[Block]:
    """Content as blocks, without those that are none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [
        block
        for block in (content if isinstance(content, list) else ())
        if isinstance(block, dict) and isinstance(block.get("type"), str)
    ]


def messages_of(message: Block) -> list[Message]:
    """One message, and one for each result: a user's results are told first."""
    role, blocks = message.get("role") or "", blocks_of(message.get("content"))
    results = [_result(block) for block in blocks if is_result(block)]
    said = _said(role, blocks)
    return [*said, *results] if role == ASSISTANT else [*results, *said]


def pictures(messages: Iterable[Block]) -> Iterator[str]:
    """All pictures in base64, nothing checked yet."""
    for message in messages:
        for block in blocks_of(message.get("content")):
            if is_result(block):
                yield from pictures([block])
            elif block["type"] == "image" and isinstance(block.get("source"), dict):
                yield str(block["source"].get("data"))


def is_call(block: Block) -> bool:
    """Also a call that Anthropic's own server has made."""
    return str(block["type"]).endswith("tool_use")


def is_result(block: Block) -> bool:
    return str(block["type"]).endswith("tool_result")


def _said(role: str, blocks: Sequence[Block]) -> list[Message]:
    message: Message = {"role": role, "content": _flattened(_parts(blocks))}
    if role == ASSISTANT:
        thoughts = [block.get("thinking") for block in blocks]
        extras = {
            "reasoning": "".join(each for each in thoughts if isinstance(each, str)),
            "tool_calls": [_call(block) for block in blocks if is_call(block)],
        }
        message |= {key: value for key, value in extras.items() if value}
    return [message] if any(message[key] for key in message if key != "role") else []


def _call(block: Block) -> dict[str, Any]:
    for key in ("id", "name"):
        if not (isinstance(block.get(key), str) and block[key]):
            raise InvalidRequest(f"tool_use block missing required '{key}' field")
    given = block.get("input")
    arguments = json_codec.encode(given if isinstance(given, dict) else {}).decode()
    called = {"name": block["name"], "arguments": arguments}
    return {"id": block["id"], "type": "function", "function": called}


def _result(block: Block) -> Message:
    """The upstream has no mark for a failure: it is told in words."""
    content = block.get("content")
    if isinstance(content, dict):  # of a tool that Anthropic's own server ran
        content = json_codec.encode(content).decode()
    told = _flattened(_parts(blocks_of(content)))
    if block.get("is_error") is True:
        told = _after(FAILED, told)
    return {
        "role": "tool",
        "tool_call_id": str(block.get("tool_use_id") or ""),
        "content": told,
    }


def _after(line: str, told: str | list[Part]) -> str | list[Part]:
    if isinstance(told, str):
        return f"{line}\n{told}" if told else line
    return [{"type": "text", "text": line}, *told]


def _parts(blocks: Iterable[Block]) -> list[Part]:
    return [
        part
        for block in blocks
        if block["type"] in PARTS
        for part in PARTS[block["type"]](block)
    ]


def _flattened(parts: list[Part]) -> str | list[Part]:
    if any(part["type"] != "text" for part in parts):
        return parts
    return "".join(part["text"] for part in parts)


def _text(block: Block) -> list[Part]:
    text = block.get("text")
    return [{"type": "text", "text": text}] if isinstance(text, str) and text else []


def _image(block: Block) -> list[Part]:
    source = block.get("source")
    if not isinstance(source, dict):
        raise InvalidRequest("invalid image source")
    if source.get("type") != "base64":
        raise InvalidRequest(
            f"invalid image source type: {source.get('type')}. "
            "Only base64 images are supported."
        )
    shown = {"url": images.data_uri(_checked(source.get("data")))}
    return [{"type": "image_url", "image_url": shown}]


def _checked(data: Any) -> str:
    """Standard base64 with padding; Go lets line breaks pass."""
    encoded = data.replace("\r", "").replace("\n", "") if isinstance(data, str) else ""
    try:
        binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError as error:
        raise InvalidRequest(f"invalid base64 image data: {error}") from None
    return encoded


def _document(block: Block) -> list[Part]:
    """One that is text is told as such."""
    source = block.get("source")
    if not isinstance(source, dict):
        return []
    if source.get("type") == "text":
        return _titled(block, [{"type": "text", "text": source.get("data")}])
    return _titled(block, source.get("content"))


def _found(block: Block) -> list[Part]:
    return _titled(block, block.get("content"))


def _titled(block: Block, content: Any) -> list[Part]:
    parts = _parts(blocks_of(content))
    title = block.get("title")
    if parts and isinstance(title, str) and title:
        return [{"type": "text", "text": f"{title}\n"}, *parts]
    return parts


def _page(block: Block) -> list[Part]:
    """A page that a search on Anthropic's own server has found."""
    return _text({"text": f"{block.get('title')}: {block.get('url')}\n"})


PARTS: Mapping[str, Callable[[Block], list[Part]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _found,
    "web_search_result": _page,
}
