"""Content blocks are converted to messages in the upstream form."""

import re
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.anthropic.content import convert_message, find_images, system_text
from tests.translate.builders import (
    Json,
    base64_image,
    function,
    message,
    text_part,
)


def image(data: Any = None, **source: Any) -> Json:
    data = base64_image("PNG") if data is None else data
    return {"type": "image", "source": {"type": "base64", "data": data, **source}}


def text(value: str) -> Json:
    return {"type": "text", "text": value, "cache_control": {"type": "ephemeral"}}


def result(content: Any, **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": "a", "content": content, **more}


def document(source: Json) -> Json:
    return {"type": "document", "source": source}


def convert_user(*blocks: Any) -> list[Json]:
    return convert_message(message("user", list(blocks)))


def convert_assistant(*blocks: Any) -> list[Json]:
    return convert_message(message("assistant", list(blocks)))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a", "a"),
        ([text("a"), text("b")], "ab"),
        ([text("a"), {"type": "new"}, "b", 3, {"text": "c"}], "a"),
        (None, ""),
        (5, ""),
    ],
)
def test_blocks_of_system_prompt_are_joined(content: Any, expected: str) -> None:
    assert system_text(content) == expected


def test_text_blocks_of_a_message_are_joined() -> None:
    assert convert_user(text("a"), text("b")) == [message("user", "ab")]


def test_images_keep_their_place_among_texts() -> None:
    [converted] = convert_user(text("a"), image(), text("b"))

    kinds = [part["type"] for part in converted["content"]]
    assert kinds == ["text", "image_url", "text"]


def test_tool_results_come_before_the_user_text() -> None:
    messages = convert_user(text("now"), result("a"), result([text("b"), text("c")]))

    assert messages == [
        message("tool", "a", tool_call_id="a"),
        message("tool", "bc", tool_call_id="a"),
        message("user", "now"),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("no such file", "The tool failed.\nno such file"),
        ([text("no")], "The tool failed.\nno"),
        (None, "The tool failed."),
    ],
)
def test_failed_tool_is_described_in_text(content: Any, expected: str) -> None:
    assert convert_user(result(content, is_error=True))[0]["content"] == expected


def test_failed_tool_keeps_its_image() -> None:
    [converted] = convert_user(result([image()], is_error=True))

    first, second = converted["content"]
    assert first == text_part("The tool failed.")
    assert second["type"] == "image_url"


def test_blocks_of_an_assistant_become_one_message() -> None:
    use = {"type": "tool_use", "id": "a", "name": "look", "input": {"b": 1, "a": 2}}
    thinking = {"type": "thinking", "thinking": "hm", "signature": "any"}

    call = {"id": "a", **function("look", arguments='{"b":1,"a":2}')}
    assert convert_assistant(thinking, text("I look."), use) == [
        message("assistant", "I look.", reasoning="hm", tool_calls=[call])
    ]


def test_call_of_a_server_tool_becomes_a_call_and_a_result() -> None:
    use = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": None}
    page = {"type": "web_search_result", "title": "T", "url": "http://t"}
    results = {"type": "web_search_tool_result", "tool_use_id": "s"}

    call, result = convert_assistant(
        use, {**results, "content": [page]}, text("Found.")
    )
    _, failed = convert_assistant(
        use, {**results, "content": {"error_code": "unavailable"}}
    )

    assert call["content"] == "Found."
    assert call["tool_calls"][0]["function"]["arguments"] == "{}"
    assert (result["tool_call_id"], result["content"]) == ("s", "T: http://t\n")
    assert failed["content"] == '{"error_code":"unavailable"}'


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (document({"type": "text", "data": "a"}), "a"),
        (
            document({"type": "content", "content": [text("a")]}) | {"title": "T"},
            "T\na",
        ),
        ({"type": "search_result", "title": "T", "content": [text("a")]}, "T\na"),
    ],
)
def test_text_of_documents_is_kept(block: Any, expected: str) -> None:
    assert convert_user(block) == [message("user", expected)]


@pytest.mark.parametrize(
    "block",
    [
        document({"type": "base64", "data": "JVBERi0="}),
        document({"type": "url", "url": "http://x"}),
        {"type": "document"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "some_day", "text": "a"},
        {"type": "text", "text": None},
        {"type": 5},
        "a",
        None,
    ],
    ids=str,
)
def test_unsupported_block_is_left_out(block: Any) -> None:
    assert convert_user(block) == []
    assert convert_user(block, text("b")) == [message("user", "b")]


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ({"type": "image"}, "invalid image source"),
        (
            {"type": "image", "source": {"type": "url", "url": "http://x"}},
            "invalid image source type: url. Only base64 images are supported.",
        ),
        (image("!"), "invalid base64 image data: illegal base64 data at input byte 0"),
        (image(5), "an image is of an unknown type"),
        (result([image("!")]), "invalid base64 image data: "),
        ({"type": "tool_use"}, "tool_use block missing required 'id' field"),
        ({"type": "tool_use", "id": "a"}, "missing required 'name' field"),
    ],
    ids=str,
)
def test_invalid_block_is_refused(block: Any, error: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(error)):
        convert_assistant(block)


def test_images_are_found_in_messages_and_results() -> None:
    blocks = [image("a"), result([text("x"), image("b")]), {"type": "image"}]

    assert list(find_images([{"content": "x"}, {"content": blocks}])) == ["a", "b"]
