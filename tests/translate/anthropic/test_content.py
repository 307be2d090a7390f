"""Blocks of content become messages of the upstream form."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.anthropic.content import messages_of, pictures, text_of
from tests.blueprints.talking import picture


def image(data: Any = None, **source: Any) -> dict[str, Any]:
    data = picture("PNG") if data is None else data
    return {"type": "image", "source": {"type": "base64", "data": data, **source}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "cache_control": {"type": "ephemeral"}}


def result(content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "a", "content": content, **more}


def user(*blocks: Any) -> list[dict[str, Any]]:
    return messages_of({"role": "user", "content": list(blocks)})


def assistant(*blocks: Any) -> list[dict[str, Any]]:
    return messages_of({"role": "assistant", "content": list(blocks)})


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
def test_a_system_prompt_is_one_text(content: Any, expected: str) -> None:
    assert text_of(content) == expected


def test_texts_of_a_message_are_one_text() -> None:
    assert user(text("a"), text("b")) == [{"role": "user", "content": "ab"}]


def test_pictures_stay_among_the_texts() -> None:
    [message] = user(text("a"), image(), text("b"))

    assert [part["type"] for part in message["content"]] == [
        "text",
        "image_url",
        "text",
    ]


def test_results_come_before_what_the_user_says() -> None:
    told = user(text("now"), result("a"), result([text("b"), text("c")]))

    assert told == [
        {"role": "tool", "tool_call_id": "a", "content": "a"},
        {"role": "tool", "tool_call_id": "a", "content": "bc"},
        {"role": "user", "content": "now"},
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no such file", "The tool failed.\nno such file"),
        ([text("no")], "The tool failed.\nno"),
        (None, "The tool failed."),
    ],
)
def test_a_failure_is_told_in_words(content: Any, told: str) -> None:
    assert user(result(content, is_error=True))[0]["content"] == told


def test_a_failure_may_show_a_picture() -> None:
    [message] = user(result([image()], is_error=True))

    assert message["content"][0] == {"type": "text", "text": "The tool failed."}
    assert message["content"][1]["type"] == "image_url"


def test_what_an_assistant_did_is_one_message() -> None:
    use = {"type": "tool_use", "id": "a", "name": "look", "input": {"b": 1, "a": 2}}
    thought = {"type": "thinking", "thinking": "hm", "signature": "any"}

    assert assistant(thought, text("I look."), use) == [
        {
            "role": "assistant",
            "content": "I look.",
            "reasoning": "hm",
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"b":1,"a":2}'},
                }
            ],
        }
    ]


def test_what_anthropics_server_did_is_a_call_and_its_result() -> None:
    use = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": None}
    found = {"type": "web_search_result", "title": "T", "url": "http://t"}
    results = {"type": "web_search_tool_result", "tool_use_id": "s"}

    said, told = assistant(use, {**results, "content": [found]}, text("Found."))
    _, failed = assistant(use, {**results, "content": {"error_code": "unavailable"}})

    assert said["content"] == "Found."
    assert said["tool_calls"][0]["function"]["arguments"] == "{}"
    assert (told["tool_call_id"], told["content"]) == ("s", "T: http://t\n")
    assert failed["content"] == '{"error_code":"unavailable"}'


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"type": "document", "source": {"type": "text", "data": "a"}}, "a"),
        (
            {
                "type": "document",
                "title": "T",
                "source": {"type": "content", "content": [text("a")]},
            },
            "T\na",
        ),
        ({"type": "search_result", "title": "T", "content": [text("a")]}, "T\na"),
    ],
)
def test_documents_of_text_are_told(block: Any, told: str) -> None:
    assert user(block) == [{"role": "user", "content": told}]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "document", "source": {"type": "base64", "data": "JVBERi0="}},
        {"type": "document", "source": {"type": "url", "url": "http://x"}},
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
def test_what_nobody_can_read_is_left_out(block: Any) -> None:
    assert user(block) == []
    assert user(block, text("b")) == [{"role": "user", "content": "b"}]


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"type": "image"}, "invalid image source"),
        (
            {"type": "image", "source": {"type": "url", "url": "http://x"}},
            "invalid image source type: url. Only base64 images are supported.",
        ),
        (image("!"), "invalid base64 image data: "),
        (image(5), "an image is of an unknown type"),
        (result([image("!")]), "invalid base64 image data: "),
        ({"type": "tool_use"}, "tool_use block missing required 'id' field"),
        ({"type": "tool_use", "id": "a"}, "missing required 'name' field"),
    ],
    ids=str,
)
def test_what_is_broken_is_refused(block: Any, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint.replace(".", r"\.")):
        assistant(block)


def test_pictures_are_found_wherever_they_are() -> None:
    blocks = [image("a"), result([text("x"), image("b")]), {"type": "image"}]

    assert list(pictures([{"content": "x"}, {"content": blocks}])) == ["a", "b"]
