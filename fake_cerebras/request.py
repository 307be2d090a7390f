"""Read a request body: the last user message, tool results, images."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
JPEG_MARKER = 0xFF
# Start-of-frame markers hold the size; C4, C8 and CC are not of them.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def messages(body: Body) -> list[Mapping[str, Any]]:
    """Return the messages that are objects; the body may be unchecked."""
    value = body.get("messages")
    if not isinstance(value, list):
        return []
    return [message for message in value if isinstance(message, Mapping)]


def text_of(content: Any) -> str:
    """Return the text of a message's content: a string, or the parts' texts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, Mapping))
    return "\n".join(text for text in texts if isinstance(text, str))


def last_user_text(body: Body) -> str:
    """Return the text of the last user message, or the prompt of /v1/completions."""
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, list):
        return "\n".join(each for each in prompt if isinstance(each, str))
    for message in reversed(messages(body)):
        if message.get("role") == "user":
            return text_of(message.get("content"))
    return ""


def tool_results(body: Body) -> list[str]:
    """Return the texts of the tool messages that end the conversation."""
    results: list[str] = []
    for message in reversed(messages(body)):
        if message.get("role") != "tool":
            break
        results.insert(0, text_of(message.get("content")))
    return results


def image_urls(body: Body) -> list[Any]:
    return [url for message in messages(body) for url in _image_urls(message)]


def _image_urls(message: Mapping[str, Any]) -> Iterator[Any]:
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        url = image_url(part)
        if url is not None:
            yield url


def image_url(part: Mapping[str, Any]) -> Any:
    """Return the URL of an image part, None for another part."""
    if part.get("type") == "image_url":
        return part["image_url"]["url"]
    return part["image"] if part.get("type") == "image" else None


@dataclass(frozen=True)
class Image:
    format: str
    width: int
    height: int


def read_image(data: bytes) -> Image | None:
    """Return format and size of a PNG or JPEG file, None for other bytes."""
    if data.startswith(PNG_SIGNATURE) and data[12:16] == b"IHDR":
        size = data[16:24].ljust(8, b"\0")
        return Image("png", *struct.unpack(">II", size))
    if data.startswith(JPEG_SIGNATURE):
        return _read_jpeg(data)
    return None


def _read_jpeg(data: bytes) -> Image | None:
    offset = 2
    while offset + 9 <= len(data) and data[offset] == JPEG_MARKER:
        if data[offset + 1] in JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[offset + 5 : offset + 9])
            return Image("jpeg", width, height)
        (length,) = struct.unpack(">H", data[offset + 2 : offset + 4])
        offset += 2 + length
    return None
