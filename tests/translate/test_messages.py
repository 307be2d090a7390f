"""Messages are changed to what the upstream accepts, without loss."""

from __future__ import annotations

from typing import Any

import pytest

from app.translate.fit import (
    with_images_from_users,
    with_known_roles,
    with_one_system,
)
from app.translate.messages import join_texts, text_of, with_instruction

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def message(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def text(content: str) -> dict[str, str]:
    return {"type": "text", "text": content}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("one", "one"),
        (None, ""),
        ([], ""),
        ([text("one"), IMAGE, text("two")], "one\ntwo"),
    ],
    ids=["text", "none", "no parts", "parts"],
)
def test_text_of_content(content: Any, expected: str) -> None:
    assert text_of(content) == expected


def test_parts_are_joined_only_if_all_are_texts() -> None:
    assert join_texts([text("one"), text("two")], " ") == "one two"
    assert join_texts([text("one"), IMAGE], " ") == [text("one"), IMAGE]


@pytest.mark.parametrize(
    ("developer_role", "role", "expected"),
    [
        (True, "developer", "developer"),
        (False, "developer", "system"),
        (False, "tool", "tool"),
        (True, "control", "user"),
        (False, "", "user"),
    ],
)
def test_unsupported_roles_are_replaced(
    developer_role: bool, role: str, expected: str
) -> None:
    [known] = with_known_roles([message(role, "x")], developer_role=developer_role)

    assert known == message(expected, "x")


def test_system_messages_become_one_first_message() -> None:
    messages = [
        message("user", "hello"),
        message("system", "one"),
        message("assistant", "hi"),
        message("system", ""),
        message("system", "two"),
    ]

    assert with_one_system(messages) == [
        message("system", "one\n\ntwo"),
        message("user", "hello"),
        message("assistant", "hi"),
    ]


def test_joined_system_message_keeps_parts() -> None:
    messages = [message("system", "one"), message("system", [text("two"), IMAGE])]

    assert with_one_system(messages) == [
        message("system", [text("one"), text("two"), IMAGE])
    ]


def test_messages_without_system_stay_unchanged() -> None:
    assert with_one_system([message("user", "hello")]) == [message("user", "hello")]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], [message("system", "line")]),
        ([message("user", "x")], [message("system", "line"), message("user", "x")]),
        ([message("system", "x")], [message("system", "x\n\nline")]),
        ([message("developer", "x")], [message("developer", "x\n\nline")]),
        (
            [message("system", [text("x")])],
            [message("system", [text("x"), text("line")])],
        ),
    ],
    ids=["empty", "user", "system", "developer", "parts"],
)
def test_instruction_is_added_to_the_first_message(
    messages: list[dict[str, Any]], expected: list[dict[str, Any]]
) -> None:
    assert with_instruction(messages, "line") == expected


def test_images_of_tools_move_to_a_user_message_after_the_last_tool() -> None:
    messages = [
        message("tool", [text("a screen"), IMAGE]),
        message("tool", "done"),
        message("assistant", "I see."),
        message("tool", [IMAGE]),
    ]

    assert with_images_from_users(messages) == [
        message("tool", "a screen"),
        message("tool", "done"),
        message("user", [IMAGE]),
        message("assistant", "I see."),
        message("tool", ""),
        message("user", [IMAGE]),
    ]


def test_images_of_assistants_move_to_a_user_message() -> None:
    call = {"id": "1", "function": {"name": "draw"}}
    drawing = message("assistant", [text("Look:"), IMAGE]) | {"tool_calls": [call]}

    assert with_images_from_users([drawing, message("tool", "done")]) == [
        message("assistant", "Look:") | {"tool_calls": [call]},
        message("tool", "done"),
        message("user", [IMAGE]),
    ]
