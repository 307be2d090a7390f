"""The parts that items are made of, as content of the upstream's messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.errors import InvalidRequest
from app.translate.openai import content
from app.translate.openai.content import BAD_PART, Part
from app.wire import json_codec

DETAILS = frozenset({"auto", "low", "high"})


def content_of(value: Any) -> str | list[Part]:
    """The text, or the parts if there is more than text to it."""
    if value is None or isinstance(value, str):
        return value or ""
    told = value if isinstance(value, list) else [value]
    parts = [part for each in told for part in _parts(each)]
    if any(part["type"] != "text" for part in parts):
        return parts
    return "".join(part["text"] for part in parts)


def result_of(value: Any) -> str | list[Part]:
    """What a tool put out: text, parts, or an object of the tool's own."""
    told = value if isinstance(value, list) else [value]
    if all(isinstance(each, dict) and _kind(each) in PARTS for each in told):
        return content_of(told)
    return value if isinstance(value, str) else json_codec.encode(value).decode()


def pictures(values: Sequence[Any]) -> Iterator[str]:
    """All pictures in base64, nothing checked yet."""
    for value in values:
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and PARTS.get(_kind(part)) is _image:
                yield str(_url(part)).partition(",")[2]


def _kind(part: Mapping[str, Any]) -> str:
    return str(part.get("type"))


def _parts(part: Any) -> list[Part]:
    """One part, or none where there is nothing for a model of the upstream in it."""
    if not isinstance(part, dict):
        raise InvalidRequest(BAD_PART)
    convert = PARTS.get(_kind(part), _text)
    return convert(part)


def _text(part: Mapping[str, Any]) -> list[Part]:
    text = part.get("text")
    return [{"type": "text", "text": text}] if isinstance(text, str) else []


def _refusal(part: Mapping[str, Any]) -> list[Part]:
    return _text({"text": part.get("refusal")})


def _image(part: Mapping[str, Any]) -> list[Part]:
    url = _url(part)
    if url is None:  # a file of OpenAI's, which Ollama leaves out too
        return []
    detail = str(part.get("detail"))
    shown = {"url": url} | ({"detail": detail} if detail in DETAILS else {})
    return [content.converted({"type": "image_url", "image_url": shown})]


def _url(part: Mapping[str, Any]) -> Any:
    image = part.get("image_url")
    return image.get("url") if isinstance(image, dict) else image


def _file(_: Mapping[str, Any]) -> list[Part]:
    raise InvalidRequest("file inputs are not currently supported")


def _audio(_: Mapping[str, Any]) -> list[Part]:
    raise InvalidRequest("audio input is not supported")


PARTS = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "computer_screenshot": _image,
    "input_file": _file,
    "input_audio": _audio,
}
