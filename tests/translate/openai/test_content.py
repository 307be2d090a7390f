"""The content of OpenAI's messages is converted, or refused with Ollama's text."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.content import convert_content, find_images
from tests.translate.builders import base64_image

PNG, JPEG, WEBP = base64_image("PNG"), base64_image("JPEG"), base64_image("WEBP")
PNG_URL = f"data:image/png;base64,{PNG}"


def text(value: Any) -> dict[str, Any]:
    return {"type": "text", "text": value}


def image_part(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def user_message(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "hello"}, "hello"),
        ({"content": ""}, ""),
        (user_message(), ""),
        (user_message(text("one"), text("two")), "one\ntwo"),
        ({"tool_calls": []}, ""),
        ({"content": None, "tool_calls": [{}]}, ""),
    ],
    ids=["text", "empty", "no parts", "texts", "no calls", "calls"],
)
def test_texts_are_joined(message: dict[str, Any], expected: str) -> None:
    assert convert_content(message) == expected


def test_parts_of_a_message_stay_in_it() -> None:
    message = user_message(text("one"), image_part(PNG_URL), text("two"))

    assert convert_content(message) == [text("one"), image_part(PNG_URL), text("two")]


@pytest.mark.parametrize(
    ("prefix", "encoded", "expected"),
    [
        ("data:image/png;base64,", PNG, "data:image/png;base64,"),
        ("data:image/jpeg;base64,", JPEG, "data:image/jpeg;base64,"),
        ("data:image/jpg;base64,", JPEG, "data:image/jpeg;base64,"),
        ("data:image/jpg;base64,", PNG, "data:image/png;base64,"),
        ("data:;base64,", PNG, "data:image/png;base64,"),
        ("data:image/webp;base64,", WEBP, "data:image/jpeg;base64,"),
    ],
)
def test_images_get_the_type_of_their_data(
    prefix: str, encoded: str, expected: str
) -> None:
    [part] = convert_content(user_message(image_part(prefix + encoded)))

    assert isinstance(part, dict)
    assert part["image_url"]["url"].startswith(expected)


def test_url_may_be_a_string_and_detail_is_kept() -> None:
    bare = {"type": "image_url", "image_url": PNG_URL}
    detailed = {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}}

    assert convert_content(user_message(bare, detailed)) == [
        image_part(PNG_URL),
        detailed,
    ]


def test_line_breaks_in_base64_are_removed() -> None:
    wrapped = PNG_URL[:40] + "\r\n" + PNG_URL[40:]

    assert convert_content(user_message(image_part(wrapped))) == [image_part(PNG_URL)]


NO_FETCHING = (
    "image URLs are not currently supported, please use base64 encoded data instead"
)

REFUSED = {
    "no content": ({}, "invalid message content type: <nil>"),
    "null": ({"content": None}, "invalid message content type: <nil>"),
    "a number": ({"content": 5}, "invalid message content type: float64"),
    "a bool": ({"content": True}, "invalid message content type: bool"),
    "an object": (
        {"content": {}},
        "invalid message content type: map[string]interface {}",
    ),
    "a part that is a string": (user_message("hello"), "invalid message format"),
    "an unknown part": (user_message({"type": "file"}), "invalid message format"),
    "a part without type": (user_message({"text": "x"}), "invalid message format"),
    "a type that is no string": (user_message({"type": []}), "invalid message format"),
    "text without text": (user_message({"type": "text"}), "invalid message format"),
    "text that is no string": (user_message(text(5)), "invalid message format"),
    "no url": (user_message({"type": "image_url"}), "invalid message format"),
    "a url that is no string": (user_message(image_part(5)), "invalid message format"),
    "http": (user_message(image_part("http://example.com/a.png")), NO_FETCHING),
    "https": (user_message(image_part("https://example.com/a.png")), NO_FETCHING),
    "gif": (
        user_message(image_part("data:image/gif;base64,AAAA")),
        "invalid image input",
    ),
    "not base64": (
        user_message(image_part("data:image/png,AAAA")),
        "invalid image input",
    ),
    "bad base64": (
        user_message(image_part("data:image/png;base64,A!AA")),
        "invalid image input",
    ),
    "no padding": (
        user_message(image_part("data:image/png;base64,AAA")),
        "invalid image input",
    ),
    "not ASCII": (
        user_message(image_part("data:image/png;base64,AAAé")),
        "invalid image input",
    ),
    "audio without an object": (
        user_message({"type": "input_audio"}),
        "invalid input_audio format",
    ),
    "audio without data": (
        user_message({"type": "input_audio", "input_audio": {}}),
        "invalid input_audio format: missing data",
    ),
    "audio": (
        user_message({"type": "input_audio", "input_audio": {"data": "AAAA"}}),
        "audio input is not supported",
    ),
}


@pytest.mark.parametrize(("message", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_content_is_refused_with_ollamas_text(
    message: dict[str, Any], error: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        convert_content(message)

    assert refusal.value.message == error


def test_images_are_found_without_checks() -> None:
    bare = {"type": "image_url", "image_url": "data:image/webp;base64,BBBB"}
    messages = [
        {"content": "hello"},
        user_message(
            "hello", text("x"), image_part("data:;base64,AAAA"), bare, image_part(None)
        ),
        {"content": None},
    ]

    assert list(find_images(messages)) == ["AAAA", "BBBB", ""]
