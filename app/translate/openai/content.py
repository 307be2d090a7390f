"""What messages say, from OpenAI's parts to the upstream's.

Parts of one message stay together, where Ollama makes a message of each.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.errors import InvalidRequest
from app.translate import images

Part = dict[str, Any]

BAD_PART = "invalid message format"
BAD_IMAGE = "invalid image input"
NO_FETCHING = (
    "image URLs are not currently supported, please use base64 encoded data instead"
)

DATA_URL = re.compile(r"data:(?:image/(?:jpeg|jpg|png|webp))?;base64,")
FETCHED = ("http://", "https://")

# How Go names the types of decoded JSON.
GO_TYPES = {
    type(None): "<nil>",
    bool: "bool",
    int: "float64",
    float: "float64",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}


def content_of(message: Mapping[str, Any]) -> str | list[Part]:
    """A message's text, or its parts if there is more than text to it."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return _flattened([converted(part) for part in content])
    if message.get("tool_calls") is not None:
        return ""
    raise InvalidRequest(f"invalid message content type: {GO_TYPES[type(content)]}")


def pictures(messages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """All pictures in base64, nothing checked yet."""
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") == "image_url":
                yield str(_url(part)).partition(",")[2]


def _flattened(parts: list[Part]) -> str | list[Part]:
    if any(part["type"] != "text" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def converted(part: Any) -> Part:
    kind = part.get("type") if isinstance(part, dict) else None
    convert = PARTS.get(kind) if isinstance(kind, str) else None
    if convert is None:
        raise InvalidRequest(BAD_PART)
    return convert(part)


def _text(part: Part) -> Part:
    if not isinstance(part.get("text"), str):
        raise InvalidRequest(BAD_PART)
    return {"type": "text", "text": part["text"]}


def _image(part: Part) -> Part:
    url = _url(part)
    if not isinstance(url, str):
        raise InvalidRequest(BAD_PART)
    if url.startswith(FETCHED):
        raise InvalidRequest(NO_FETCHING)
    prefix = DATA_URL.match(url)
    if prefix is None:
        raise InvalidRequest(BAD_IMAGE)
    shown = {"url": images.data_uri(_checked(url[prefix.end() :]))}
    return {"type": "image_url", "image_url": shown | _detail(part)}


def _url(part: Part) -> Any:
    """An object with a `url`, or the bare text."""
    image = part.get("image_url")
    return image.get("url") if isinstance(image, dict) else image


def _detail(part: Part) -> dict[str, str]:
    image = part["image_url"]
    detail = image.get("detail") if isinstance(image, dict) else None
    return {"detail": detail} if isinstance(detail, str) else {}


def _checked(encoded: str) -> str:
    """Standard base64 with padding; Go lets line breaks pass."""
    encoded = encoded.replace("\r", "").replace("\n", "")
    try:
        binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        raise InvalidRequest(BAD_IMAGE) from None
    return encoded


def _audio(part: Part) -> Part:
    """No model of the upstream hears; a malformed part is told as Ollama does."""
    audio = part.get("input_audio")
    if not isinstance(audio, dict):
        raise InvalidRequest("invalid input_audio format")
    if not isinstance(audio.get("data"), str):
        raise InvalidRequest("invalid input_audio format: missing data")
    raise InvalidRequest("audio input is not supported")


PARTS = {"text": _text, "image_url": _image, "input_audio": _audio}
