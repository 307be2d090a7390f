"""Items become the messages they were made of."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.responses.items import left_out, messages_of


def item(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields}


def call(call_id: str, name: str, arguments: str, **more: Any) -> dict[str, Any]:
    fields = {"call_id": call_id, "name": name, "arguments": arguments}
    return item("function_call", **fields, **more)


def output(call_id: str, value: Any) -> dict[str, Any]:
    return item("function_call_output", call_id=call_id, output=value)


def assistant(text: str) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, "annotations": []}]
    return item("message", role="assistant", content=parts, id="msg_1")


def called(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


USER = item("message", role="user", content=[{"type": "input_text", "text": "hi"}])


@pytest.mark.parametrize("role", ["user", "system", "developer", "critic"])
@pytest.mark.parametrize("kind", [{"type": "message"}, {}], ids=["typed", "easy"])
def test_a_message_keeps_its_role(role: str, kind: dict[str, str]) -> None:
    said = [{**kind, "role": role, "content": "hi"}]

    assert messages_of(said) == [{"role": role, "content": "hi"}]


def test_texts_of_one_message_are_one_text() -> None:
    parts = [
        {"type": "input_text", "text": "a"},
        {"type": "output_text", "text": "b"},
        {"type": "refusal", "refusal": "c"},
        {"type": "nobody_knows", "blob": 1},
    ]

    assert messages_of([{"role": "user", "content": parts}]) == [
        {"role": "user", "content": "abc"}
    ]


def test_words_calls_and_results_are_as_the_model_said_them() -> None:
    conversation = [
        USER,
        item("reasoning", summary=[], encrypted_content="hm"),
        assistant("Let me see."),
        call("c1", "look", '{"a": 1}'),
        call("c2", "list", ""),
        output("c1", "one"),
        output("c2", [{"type": "input_text", "text": "two"}]),
        assistant("Done."),
    ]

    assert messages_of(conversation) == [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "reasoning": "hm",
            "tool_calls": [
                called("c1", "look", '{"a": 1}'),
                called("c2", "list", "{}"),
            ],
        },
        {"role": "tool", "content": "one", "tool_call_id": "c1"},
        {"role": "tool", "content": "two", "tool_call_id": "c2"},
        {"role": "assistant", "content": "Done."},
    ]


def test_words_between_a_call_and_its_result_belong_to_the_call() -> None:
    said = [
        call("c1", "f", "{}"),
        assistant("Wait."),
        assistant("Now."),
        output("c1", ""),
    ]

    first, second = messages_of(said)

    assert first["content"] == "Wait.\nNow."
    assert second == {"role": "tool", "content": "", "tool_call_id": "c1"}


@pytest.mark.parametrize(
    ("thought", "text"),
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
    ids=["ours", "OpenAI's", "summary", "content", "nothing"],
)
def test_a_thought_is_told_where_it_can_be_read(
    thought: dict[str, Any], text: str | None
) -> None:
    [message] = messages_of([item("reasoning", **thought), call("c", "f", "{}")])

    assert message.get("reasoning") == text


def test_thoughts_join_and_none_outlives_its_turn() -> None:
    first, second = (item("reasoning", encrypted_content=text) for text in "ab")

    [message] = messages_of([first, call("c", "f", "{}"), second, call("d", "g", "{}")])
    lost = messages_of([first, USER, assistant("x"), second])

    assert message["reasoning"] == "a\nb"
    assert all("reasoning" not in each for each in lost)
    assert len(lost) == 2


def test_a_call_has_the_name_its_tool_has_upstream() -> None:
    [message] = messages_of([call("c", "add", "{}", namespace="mcp__sums__")])

    assert message["tool_calls"][0]["function"]["name"] == "mcp__sums__add"


@pytest.mark.parametrize(
    ("fields", "name", "arguments"),
    [
        (
            item("custom_tool_call", name="patch", input="a\nb"),
            "patch",
            '{"input":"a\\nb"}',
        ),
        (
            item("local_shell_call", action={"command": ["ls"]}),
            "local_shell",
            '{"action":{"command":["ls"]}}',
        ),
        (
            item("shell_call", action={"commands": []}),
            "shell",
            '{"action":{"commands":[]}}',
        ),
        (
            item("apply_patch_call", operation={"path": "a"}),
            "apply_patch",
            '{"operation":{"path":"a"}}',
        ),
        (item("computer_call", action={"type": "wait"}), "computer", None),
        (item("function_call", name="f", arguments={"a": 1}), "f", '{"a":1}'),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_calls_of_other_tools_are_told_too(
    fields: dict[str, Any], name: str, arguments: str | None
) -> None:
    [message] = messages_of(
        [{**fields, "call_id": "c", "id": "x", "status": "completed"}]
    )

    [told] = message["tool_calls"]
    assert (told["id"], told["function"]["name"]) == ("c", name)
    assert arguments in (None, told["function"]["arguments"])


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("text", "text"),
        (
            [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}],
            "ab",
        ),
        ([], ""),
        (
            [{"stdout": "a", "outcome": {"type": "exit"}}],
            '[{"stdout":"a","outcome":{"type":"exit"}}]',
        ),
        ({"content": "a"}, '{"content":"a"}'),
        (None, "null"),
    ],
)
def test_what_a_tool_put_out_is_told_whatever_it_is(value: Any, content: str) -> None:
    [message] = messages_of([output("c", value)])

    assert message["content"] == content


def test_items_that_say_nothing_here_are_left_out_and_named() -> None:
    odd = [
        item("item_reference", id="msg_1"),
        item("web_search_call", status="completed"),
        item("compaction", encrypted_content="gAAAA"),
        item("something_new", text="x"),
    ]

    assert messages_of([USER, *odd]) == [{"role": "user", "content": "hi"}]
    assert left_out([USER, *odd]) == {each["type"] for each in odd}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("hi", "input[1]: input item must be an object"),
        ({}, "input[1]: input item missing required 'type' field"),
        (call("c", "f", "{"), "input[1]: invalid tool call arguments"),
        (call("c", "f", "[]"), "input[1]: invalid tool call arguments"),
        (
            {"role": "user", "content": [{"type": "input_file", "file_id": "f"}]},
            "input[1]: file inputs are not currently supported",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio"}]},
            "input[1]: audio input is not supported",
        ),
        ({"role": "user", "content": ["hi"]}, "input[1]: invalid message format"),
        (
            {
                "role": "user",
                "content": [{"type": "input_image", "image_url": "https://x/a.png"}],
            },
            "input[1]: image URLs are not currently supported, "
            "please use base64 encoded data instead",
        ),
    ],
)
def test_a_wrong_item_is_told_with_its_place(wrong: Any, text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        messages_of([USER, wrong])

    assert refusal.value.message == text
