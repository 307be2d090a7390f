"""Convert the content of OpenAI's messages to the upstream form.

The parts of a message stay in one message; Ollama makes one message of each.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.errors import InvalidRequest
from app.translate import images
from app.translate.messages import Part, image_part, join_texts, text_part
from app.wire.base64 import check_base64

BAD_PART = "invalid message format"
BAD_IMAGE = "invalid image input"
NO_FETCHING = (
    "image URLs are not currently supported, please use base64 encoded data instead"
)

DATA_URL = re.compile(r"data:(?:image/(?:jpeg|jpg|png|webp))?;base64,")
HTTP_SCHEMES = ("http://", "https://")

# Go's names for the types of decoded JSON.
GO_TYPES = {
    type(None): "<nil>",
    bool: "bool",
    int: "float64",
    float: "float64",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}


def convert_content(message: Mapping[str, Any]) -> str | list[Part]:
    """Return the content of a message: a text, or parts if it has other parts too."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return join_texts([convert_part(part) for part in content], "\n")
    if message.get("tool_calls") is not None:
        return ""
    raise InvalidRequest(f"invalid message content type: {GO_TYPES[type(content)]}")


def find_images(messages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the base64 text of all images, unchecked."""
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") == "image_url":
                yield str(image_url(part)).partition(",")[2]


def convert_part(part: Any) -> Part:
    """Return a part in the upstream form."""
    kind = part.get("type") if isinstance(part, dict) else None
    convert = CONVERTERS.get(kind) if isinstance(kind, str) else None
    if convert is None:
        raise InvalidRequest(BAD_PART)
    return convert(part)


def image_url(part: Mapping[str, Any]) -> Any:
    """Return the URL of an image part, which is an object with `url` or a string."""
    image = part.get("image_url")
    return image.get("url") if isinstance(image, dict) else image


def _text(part: Part) -> Part:
    if not isinstance(part.get("text"), str):
        raise InvalidRequest(BAD_PART)
    return text_part(part["text"])


def _image(part: Part) -> Part:
    url = image_url(part)
    if not isinstance(url, str):
        raise InvalidRequest(BAD_PART)
    if url.startswith(HTTP_SCHEMES):
        raise InvalidRequest(NO_FETCHING)
    prefix = DATA_URL.match(url)
    if prefix is None:
        raise InvalidRequest(BAD_IMAGE)
    try:
        encoded = check_base64(url[prefix.end() :])
    except ValueError:
        raise InvalidRequest(BAD_IMAGE) from None
    return image_part(images.data_uri(encoded), **_detail(part))


def _detail(part: Part) -> dict[str, str]:
    image = part["image_url"]
    detail = image.get("detail") if isinstance(image, dict) else None
    return {"detail": detail} if isinstance(detail, str) else {}


def _audio(part: Part) -> Part:
    """Raise InvalidRequest: no model of the upstream accepts audio.

    The error is Ollama's if the part is malformed.
    """
    audio = part.get("input_audio")
    if not isinstance(audio, dict):
        raise InvalidRequest("invalid input_audio format")
    if not isinstance(audio.get("data"), str):
        raise InvalidRequest("invalid input_audio format: missing data")
    raise InvalidRequest("audio input is not supported")


CONVERTERS = {"text": _text, "image_url": _image, "input_audio": _audio}
