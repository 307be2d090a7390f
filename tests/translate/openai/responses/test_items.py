"""Input items are converted to messages in the upstream form."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.responses import items
from app.translate.openai.responses.items import convert_items, left_out
from tests.translate.builders import (
    Json,
    base64_image,
    function,
    image_part,
    message,
    text_part,
)

IMAGE_URL = f"data:image/png;base64,{base64_image('PNG')}"


def item(kind: str, **fields: Any) -> Json:
    return {"type": kind, **fields}


def call(call_id: str, name: str, arguments: str, **more: Any) -> Json:
    fields = {"call_id": call_id, "name": name, "arguments": arguments}
    return item("function_call", **fields, **more)


def output(call_id: str, value: Any) -> Json:
    return item("function_call_output", call_id=call_id, output=value)


def assistant(text: str) -> Json:
    parts = [{"type": "output_text", "text": text, "annotations": []}]
    return item("message", role="assistant", content=parts, id="msg_1")


def upstream_call(call_id: str, name: str, arguments: str) -> Json:
    return {"id": call_id, **function(name, arguments=arguments)}


def input_text(text: str) -> Json:
    return {"type": "input_text", "text": text}


USER = item("message", role="user", content=[input_text("hi")])


@pytest.mark.parametrize("role", ["user", "system", "developer", "critic"])
@pytest.mark.parametrize(
    "kind", [{"type": "message"}, {}], ids=["with type", "without type"]
)
def test_message_keeps_its_role(role: str, kind: dict[str, str]) -> None:
    assert convert_items([{**kind, **message(role, "hi")}]) == [message(role, "hi")]


def test_text_parts_of_a_message_are_joined() -> None:
    parts = [
        input_text("a"),
        {"type": "output_text", "text": "b"},
        {"type": "refusal", "refusal": "c"},
        {"type": "unknown", "blob": 1},
    ]

    assert convert_items([{"role": "user", "content": parts}]) == [
        message("user", "abc")
    ]


def test_items_of_one_turn_become_one_message() -> None:
    conversation = [
        USER,
        item("reasoning", summary=[], encrypted_content="hm"),
        assistant("Let me see."),
        call("c1", "look", '{"a": 1}'),
        call("c2", "list", ""),
        output("c1", "one"),
        output("c2", [input_text("two")]),
        assistant("Done."),
    ]

    assert convert_items(conversation) == [
        message("user", "hi"),
        message(
            "assistant",
            "Let me see.",
            reasoning="hm",
            tool_calls=[
                upstream_call("c1", "look", '{"a": 1}'),
                upstream_call("c2", "list", "{}"),
            ],
        ),
        message("tool", "one", tool_call_id="c1"),
        message("tool", "two", tool_call_id="c2"),
        message("assistant", "Done."),
    ]


def test_text_between_a_call_and_its_result_joins_the_call() -> None:
    conversation = [
        call("c1", "f", "{}"),
        assistant("Wait."),
        assistant("Now."),
        output("c1", ""),
    ]

    first, second = convert_items(conversation)

    assert first["content"] == "Wait.\nNow."
    assert second == message("tool", "", tool_call_id="c1")


@pytest.mark.parametrize(
    ("reasoning", "text"),
    [
        ({"encrypted_content": "plain"}, "plain"),
        ({"encrypted_content": "gAAAAABo0123"}, None),
        ({"summary": [{"type": "summary_text", "text": "short"}]}, "short"),
        (
            {
                "summary": [{"type": "summary_text", "text": "short"}],
                "content": [{"type": "reasoning_text", "text": "whole"}],
            },
            "whole",
        ),
        ({"summary": [], "encrypted_content": None}, None),
    ],
    ids=["plain", "encrypted", "summary", "content", "empty"],
)
def test_readable_reasoning_is_sent(reasoning: Json, text: str | None) -> None:
    [converted] = convert_items([item("reasoning", **reasoning), call("c", "f", "{}")])

    assert converted.get("reasoning") == text


def test_reasoning_is_joined_and_stays_in_its_turn() -> None:
    first, second = (item("reasoning", encrypted_content=text) for text in "ab")

    [converted] = convert_items(
        [first, call("c", "f", "{}"), second, call("d", "g", "{}")]
    )
    without = convert_items([first, USER, assistant("x"), second])

    assert converted["reasoning"] == "a\nb"
    assert all("reasoning" not in each for each in without)
    assert len(without) == 2


def test_call_has_the_upstream_name_of_its_tool() -> None:
    [converted] = convert_items([call("c", "add", "{}", namespace="mcp__sums__")])

    assert converted["tool_calls"][0]["function"]["name"] == "mcp__sums__add"


@pytest.mark.parametrize(
    ("kind", "fields", "name", "arguments"),
    [
        (
            "custom_tool_call",
            {"name": "patch", "input": "a\nb"},
            "patch",
            '{"input":"a\\nb"}',
        ),
        ("local_shell_call", {"action": {}}, "local_shell", '{"action":{}}'),
        ("shell_call", {"action": {}}, "shell", '{"action":{}}'),
        ("apply_patch_call", {"operation": {}}, "apply_patch", '{"operation":{}}'),
        ("computer_call", {"action": {"type": "wait"}}, "computer", None),
        ("function_call", {"name": "f", "arguments": {"a": 1}}, "f", '{"a":1}'),
    ],
)
def test_other_calls_become_function_calls(
    kind: str, fields: Json, name: str, arguments: str | None
) -> None:
    called = item(kind, call_id="c", id="x", status="completed", **fields)

    [converted] = convert_items([called])

    [sent] = converted["tool_calls"]
    assert (sent["id"], sent["function"]["name"]) == ("c", name)
    assert arguments in (None, sent["function"]["arguments"])


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("text", "text"),
        (
            [input_text("a"), input_text("b")],
            "ab",
        ),
        ([], ""),
        ([{"stdout": "a", "outcome": {}}], '[{"stdout":"a","outcome":{}}]'),
        ({"content": "a"}, '{"content":"a"}'),
        (None, "null"),
    ],
)
def test_output_of_any_type_becomes_content(value: Any, content: str) -> None:
    [converted] = convert_items([output("c", value)])

    assert converted["content"] == content


@pytest.mark.parametrize("kind", ["shell_call_output", "mcp_tool_call_output"])
def test_other_outputs_become_results(kind: str) -> None:
    converted = convert_items([item(kind, call_id="c", output="done")])

    assert converted == [message("tool", "done", tool_call_id="c")]


def test_unsupported_items_are_left_out() -> None:
    unsupported = [
        item("item_reference", id="msg_1"),
        item("web_search_call", status="completed"),
        item("compaction", encrypted_content="gAAAA"),
        item("something_new", text="x"),
    ]

    assert convert_items([USER, *unsupported]) == [message("user", "hi")]
    assert left_out([USER, *unsupported]) == {each["type"] for each in unsupported}


def user_with(part: Any) -> Json:
    return message("user", [part])


@pytest.mark.parametrize(
    ("invalid", "error"),
    [
        ("hi", "input item must be an object"),
        ({}, "input item missing required 'type' field"),
        (call("c", "f", "{"), "invalid tool call arguments"),
        (call("c", "f", "[]"), "invalid tool call arguments"),
        (user_with({"type": "input_file"}), "file inputs are not currently supported"),
        (user_with({"type": "input_audio"}), "audio input is not supported"),
        (user_with("hi"), "invalid message format"),
        (
            user_with({"type": "input_image", "image_url": "https://x/a.png"}),
            "image URLs are not currently supported, "
            "please use base64 encoded data instead",
        ),
    ],
)
def test_error_names_the_index_of_the_item(invalid: Any, error: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        convert_items([USER, invalid])

    assert refusal.value.message == f"input[1]: {error}"


@pytest.mark.parametrize(
    ("part", "detail"),
    [
        ({"image_url": IMAGE_URL}, {}),
        ({"image_url": {"url": IMAGE_URL}}, {}),
        ({"image_url": IMAGE_URL, "detail": "high"}, {"detail": "high"}),
        ({"image_url": IMAGE_URL, "detail": "original"}, {}),
    ],
    ids=["string", "object", "detail", "unknown detail"],
)
@pytest.mark.parametrize("kind", ["input_image", "computer_screenshot"])
def test_image_part_is_converted(part: Json, detail: Json, kind: str) -> None:
    assert items.convert_content([input_text("Look."), {"type": kind, **part}]) == [
        text_part("Look."),
        {"type": "image_url", "image_url": {"url": IMAGE_URL, **detail}},
    ]


def test_image_stored_by_openai_is_left_out() -> None:
    assert items.convert_content([{"type": "input_image", "file_id": "file-1"}]) == ""


def test_output_may_be_a_screenshot() -> None:
    screenshot = {"type": "computer_screenshot", "image_url": IMAGE_URL}

    assert items.convert_output(screenshot) == [image_part(IMAGE_URL)]


def test_images_are_found_without_checks() -> None:
    image = {"type": "input_image", "image_url": "data:image/webp;base64,UklGR"}
    others: list[Any] = [None, "text", [1, {"type": "input_text"}], {"type": ["x"]}]

    assert list(items.find_images([[image], *others])) == ["UklGR"]
