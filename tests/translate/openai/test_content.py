"""OpenAI's parts become the upstream's, or an error in Ollama's words."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from app.errors import InvalidRequest
from app.translate.openai.content import content_of, pictures


def image(kind: str) -> str:
    """A picture of one point, in base64."""
    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


PNG, JPEG, WEBP = image("PNG"), image("JPEG"), image("WEBP")
PNG_URL = f"data:image/png;base64,{PNG}"


def text(value: Any) -> dict[str, Any]:
    return {"type": "text", "text": value}


def shown(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "hello"}, "hello"),
        ({"content": ""}, ""),
        (user(), ""),
        (user(text("one"), text("two")), "one\ntwo"),
        ({"tool_calls": []}, ""),
        ({"content": None, "tool_calls": [{}]}, ""),
    ],
    ids=["text", "empty", "no parts", "texts", "no calls", "calls"],
)
def test_mere_text_is_flat(message: dict[str, Any], expected: str) -> None:
    assert content_of(message) == expected


def test_parts_of_one_message_stay_together() -> None:
    message = user(text("one"), shown(PNG_URL), text("two"))

    assert content_of(message) == [text("one"), shown(PNG_URL), text("two")]


@pytest.mark.parametrize(
    ("prefix", "encoded", "sent_as"),
    [
        ("data:image/png;base64,", PNG, "data:image/png;base64,"),
        ("data:image/jpeg;base64,", JPEG, "data:image/jpeg;base64,"),
        ("data:image/jpg;base64,", JPEG, "data:image/jpeg;base64,"),
        ("data:image/jpg;base64,", PNG, "data:image/png;base64,"),
        ("data:;base64,", PNG, "data:image/png;base64,"),
        ("data:image/webp;base64,", WEBP, "data:image/jpeg;base64,"),
    ],
)
def test_pictures_leave_as_the_upstream_takes_them(
    prefix: str, encoded: str, sent_as: str
) -> None:
    [part] = content_of(user(shown(prefix + encoded)))

    assert isinstance(part, dict)
    assert part["image_url"]["url"].startswith(sent_as)


def test_a_bare_url_does_and_detail_is_kept() -> None:
    bare = {"type": "image_url", "image_url": PNG_URL}
    detailed = {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}}

    assert content_of(user(bare, detailed)) == [shown(PNG_URL), detailed]


def test_line_breaks_in_base64_pass() -> None:
    broken = PNG_URL[:40] + "\r\n" + PNG_URL[40:]

    assert content_of(user(shown(broken))) == [shown(PNG_URL)]


FETCHING = (
    "image URLs are not currently supported, please use base64 encoded data instead"
)

REFUSED = {
    "nothing": ({}, "invalid message content type: <nil>"),
    "null": ({"content": None}, "invalid message content type: <nil>"),
    "a number": ({"content": 5}, "invalid message content type: float64"),
    "a bool": ({"content": True}, "invalid message content type: bool"),
    "an object": (
        {"content": {}},
        "invalid message content type: map[string]interface {}",
    ),
    "a part that is text": (user("hello"), "invalid message format"),
    "an unknown part": (user({"type": "file"}), "invalid message format"),
    "a part without type": (user({"text": "x"}), "invalid message format"),
    "a type that is no text": (user({"type": []}), "invalid message format"),
    "text without text": (user({"type": "text"}), "invalid message format"),
    "text that is none": (user(text(5)), "invalid message format"),
    "no url": (user({"type": "image_url"}), "invalid message format"),
    "a url that is none": (user(shown(5)), "invalid message format"),
    "http": (user(shown("http://example.com/a.png")), FETCHING),
    "https": (user(shown("https://example.com/a.png")), FETCHING),
    "gif": (user(shown("data:image/gif;base64,AAAA")), "invalid image input"),
    "not base64": (user(shown("data:image/png,AAAA")), "invalid image input"),
    "bad base64": (user(shown("data:image/png;base64,A!AA")), "invalid image input"),
    "no padding": (user(shown("data:image/png;base64,AAA")), "invalid image input"),
    "not ASCII": (user(shown("data:image/png;base64,AAAé")), "invalid image input"),
    "audio of no shape": (
        user({"type": "input_audio"}),
        "invalid input_audio format",
    ),
    "audio without data": (
        user({"type": "input_audio", "input_audio": {}}),
        "invalid input_audio format: missing data",
    ),
    "audio": (
        user({"type": "input_audio", "input_audio": {"data": "AAAA"}}),
        "audio input is not supported",
    ),
}


@pytest.mark.parametrize(("message", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_other_content_is_refused_in_ollamas_words(
    message: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        content_of(message)

    assert refused.value.message == told


def test_pictures_are_found_before_anything_is_checked() -> None:
    bare = {"type": "image_url", "image_url": "data:image/webp;base64,BBBB"}
    messages = [
        {"content": "hello"},
        user("hello", text("x"), shown("data:;base64,AAAA"), bare, shown(None)),
        {"content": None},
    ]

    assert list(pictures(messages)) == ["AAAA", "BBBB", ""]
