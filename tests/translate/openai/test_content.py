"""The content of OpenAI's messages is converted, or refused with Ollama's text."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.content import convert_content, find_images
from tests.translate.builders import (
    Json,
    base64_image,
    image_part,
    message,
    text_part,
)

PNG, JPEG, WEBP = base64_image("PNG"), base64_image("JPEG"), base64_image("WEBP")
PNG_URL = f"data:image/png;base64,{PNG}"


def user_message(*parts: Any) -> Json:
    return message("user", list(parts))


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ({"content": "hello"}, "hello"),
        ({"content": ""}, ""),
        (user_message(), ""),
        (user_message(text_part("one"), text_part("two")), "one\ntwo"),
        ({"tool_calls": []}, ""),
        ({"content": None, "tool_calls": [{}]}, ""),
    ],
    ids=["text", "empty", "no parts", "texts", "no calls", "calls"],
)
def test_texts_are_joined(received: Json, expected: str) -> None:
    assert convert_content(received) == expected


def test_parts_of_a_message_stay_in_it() -> None:
    parts = [text_part("one"), image_part(PNG_URL), text_part("two")]

    assert convert_content(user_message(*parts)) == parts


@pytest.mark.parametrize(
    ("declared", "data", "sent"),
    [
        ("image/png", PNG, "png"),
        ("image/jpg", JPEG, "jpeg"),
        ("image/jpg", PNG, "png"),
        ("", PNG, "png"),
        ("image/webp", WEBP, "jpeg"),
    ],
)
def test_images_get_the_type_of_their_data(declared: str, data: str, sent: str) -> None:
    url = f"data:{declared};base64,{data}"

    [part] = convert_content(user_message(image_part(url)))

    assert part["image_url"]["url"].startswith(f"data:image/{sent};base64,")


def test_url_may_be_a_string_and_detail_is_kept() -> None:
    bare = {"type": "image_url", "image_url": PNG_URL}
    detailed = {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}}

    parts = convert_content(user_message(bare, detailed))

    assert parts == [image_part(PNG_URL), detailed]


NO_FETCHING = (
    "image URLs are not currently supported, please use base64 encoded data instead"
)
CONTENT_TYPES = {  # Go's names of the types
    "no content": ({}, "<nil>"),
    "null": ({"content": None}, "<nil>"),
    "a number": ({"content": 5}, "float64"),
    "a bool": ({"content": True}, "bool"),
    "an object": ({"content": {}}, "map[string]interface {}"),
}
INVALID_PARTS = {
    "a part that is a string": "hello",
    "an unknown part": {"type": "file"},
    "a part without type": {"text": "x"},
    "a type that is no string": {"type": []},
    "text without text": {"type": "text"},
    "text that is no string": text_part(5),
    "no url": {"type": "image_url"},
    "a url that is no string": image_part(5),
}
INVALID_IMAGES = {
    "gif": "data:image/gif;base64,AAAA",
    "not base64": "data:image/png,AAAA",
    "bad base64": "data:image/png;base64,A!AA",
}
INVALID_AUDIO = {
    "audio without an object": (None, "invalid input_audio format"),
    "audio without data": ({}, "invalid input_audio format: missing data"),
    "audio": ({"data": "AAAA"}, "audio input is not supported"),
}
REFUSED = {
    name: (body, f"invalid message content type: {kind}")
    for name, (body, kind) in CONTENT_TYPES.items()
}
for name, invalid_part in INVALID_PARTS.items():
    REFUSED[name] = (user_message(invalid_part), "invalid message format")
for scheme in ("http", "https"):
    url = f"{scheme}://example.com/a.png"
    REFUSED[scheme] = (user_message(image_part(url)), NO_FETCHING)
for name, url in INVALID_IMAGES.items():
    REFUSED[name] = (user_message(image_part(url)), "invalid image input")
for name, (audio, error) in INVALID_AUDIO.items():
    part = {"type": "input_audio", "input_audio": audio}
    REFUSED[name] = (user_message(part), error)


@pytest.mark.parametrize(("refused", "error"), REFUSED.values(), ids=REFUSED)
def test_invalid_content_is_refused_as_by_ollama(refused: Json, error: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        convert_content(refused)

    assert refusal.value.message == error


def test_images_are_found_without_checks() -> None:
    bare = {"type": "image_url", "image_url": "data:image/webp;base64,BBBB"}
    messages = [
        {"content": "hello"},
        user_message(
            "hello",
            text_part("x"),
            image_part("data:;base64,AAAA"),
            bare,
            image_part(None),
        ),
        {"content": None},
    ]

    assert list(find_images(messages)) == ["AAAA", "BBBB", ""]
