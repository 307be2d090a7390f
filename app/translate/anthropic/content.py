"""Convert Anthropic's content blocks to messages in the upstream form.

Blocks of unknown types, and documents that are not text, are left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.errors import InvalidRequest
from app.translate import images
from app.translate.messages import Part, function, image_part, join_texts, text_part
from app.wire import json_codec
from app.wire.base64 import check_base64

Block = Mapping[str, Any]
Message = dict[str, Any]

TOOL_FAILED = "The tool failed."
ASSISTANT = "assistant"


def system_text(content: Any) -> str:
    """Return the text of a system prompt; Ollama joins its blocks without a break."""
    texts = (_text(block) for block in blocks_of(content) if block["type"] == "text")
    return "".join(part["text"] for parts in texts for part in parts)


def blocks_of(content: Any) -> list[Block]:
    """Return content as a list of blocks, without malformed ones."""
    if isinstance(content, str):
        return [text_part(content)]
    return [
        block
        for block in (content if isinstance(content, list) else ())
        if isinstance(block, dict) and isinstance(block.get("type"), str)
    ]


def convert_message(message: Block) -> list[Message]:
    """Return a message of the request as messages in the upstream form.

    Each tool result becomes a message of its own: before the rest of a user's message,
    since it answers the assistant before, but after an assistant's.
    """
    role, blocks = message.get("role") or "", blocks_of(message.get("content"))
    results = [_tool_message(block) for block in blocks if is_result(block)]
    others = _message(role, blocks)
    return [*others, *results] if role == ASSISTANT else [*results, *others]


def find_images(messages: Iterable[Block]) -> Iterator[str]:
    """Yield the base64 text of all images, unchecked."""
    for message in messages:
        for block in blocks_of(message.get("content")):
            if is_result(block):
                yield from find_images([block])
            elif block["type"] == "image" and isinstance(block.get("source"), dict):
                yield str(block["source"].get("data"))


def is_call(block: Block) -> bool:
    """Return whether a block is a tool call, by the client or Anthropic's server."""
    return str(block["type"]).endswith("tool_use")


def is_result(block: Block) -> bool:
    """Return whether a block is the result of a tool call."""
    return str(block["type"]).endswith("tool_result")


def _message(role: str, blocks: Sequence[Block]) -> list[Message]:
    """Return the message without tool results, or nothing if it is empty then."""
    message: Message = {"role": role, "content": join_texts(_parts(blocks), "")}
    if role == ASSISTANT:
        thinking = [block.get("thinking") for block in blocks]
        fields = {
            "reasoning": "".join(text for text in thinking if isinstance(text, str)),
            "tool_calls": [_tool_call(block) for block in blocks if is_call(block)],
        }
        message |= {key: value for key, value in fields.items() if value}
    return [message] if any(message[key] for key in message if key != "role") else []


def _tool_call(block: Block) -> dict[str, Any]:
    for key in ("id", "name"):
        if not (isinstance(block.get(key), str) and block[key]):
            raise InvalidRequest(f"tool_use block missing required '{key}' field")
    value = block.get("input")
    arguments = json_codec.encode(value if isinstance(value, dict) else {}).decode()
    return {"id": block["id"], **function(block["name"], arguments=arguments)}


def _tool_message(block: Block) -> Message:
    content = block.get("content")
    if isinstance(content, dict):  # from a tool of Anthropic's server
        content = json_codec.encode(content).decode()
    result = join_texts(_parts(blocks_of(content)), "")
    if block.get("is_error") is True:  # the upstream has no field for this
        result = _with_first_line(TOOL_FAILED, result)
    return {
        "role": "tool",
        "tool_call_id": str(block.get("tool_use_id") or ""),
        "content": result,
    }


def _with_first_line(line: str, content: str | list[Part]) -> str | list[Part]:
    if isinstance(content, str):
        return f"{line}\n{content}" if content else line
    return [text_part(line), *content]


def _parts(blocks: Iterable[Block]) -> list[Part]:
    return [
        part
        for block in blocks
        if block["type"] in PARTS
        for part in PARTS[block["type"]](block)
    ]


def _text(block: Block) -> list[Part]:
    text = block.get("text")
    return [text_part(text)] if isinstance(text, str) and text else []


def _image(block: Block) -> list[Part]:
    source = block.get("source")
    if not isinstance(source, dict):
        raise InvalidRequest("invalid image source")
    if source.get("type") != "base64":
        raise InvalidRequest(
            f"invalid image source type: {source.get('type')}. "
            "Only base64 images are supported."
        )
    data = source.get("data")
    try:
        encoded = check_base64(data if isinstance(data, str) else "")
    except ValueError as error:
        raise InvalidRequest(f"invalid base64 image data: {error}") from None
    return [image_part(images.data_uri(encoded))]


def _document(block: Block) -> list[Part]:
    source = block.get("source")
    if not isinstance(source, dict):
        return []
    if source.get("type") == "text":
        return _titled(block, [text_part(source.get("data"))])
    return _titled(block, source.get("content"))


def _search_result(block: Block) -> list[Part]:
    return _titled(block, block.get("content"))


def _titled(block: Block, content: Any) -> list[Part]:
    """Return the parts of `content` after the title of the block, if it has one."""
    parts = _parts(blocks_of(content))
    title = block.get("title")
    if parts and isinstance(title, str) and title:
        return [text_part(f"{title}\n"), *parts]
    return parts


def _web_search_result(block: Block) -> list[Part]:
    return _text({"text": f"{block.get('title')}: {block.get('url')}\n"})


PARTS: Mapping[str, Callable[[Block], list[Part]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "web_search_result": _web_search_result,
}
