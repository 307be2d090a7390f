"""Conversations are repaired without losing what was said."""

from __future__ import annotations

from typing import Any

import pytest

from app.translate.messages import (
    text_of,
    with_instruction,
    with_known_roles,
    with_one_system,
    with_pictures_from_users,
)

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def said(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def text(content: str) -> dict[str, str]:
    return {"type": "text", "text": content}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("one", "one"),
        (None, ""),
        ([], ""),
        ([text("one"), PICTURE, text("two")], "one\ntwo"),
    ],
    ids=["text", "none", "no parts", "parts"],
)
def test_text_is_read_from_any_content(content: Any, expected: str) -> None:
    assert text_of(content) == expected


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
def test_roles_are_those_the_model_knows(
    developer_role: bool, role: str, expected: str
) -> None:
    [known] = with_known_roles([said(role, "x")], developer_role=developer_role)

    assert known == said(expected, "x")


def test_system_messages_are_joined_in_front() -> None:
    messages = [
        said("user", "hello"),
        said("system", "one"),
        said("assistant", "hi"),
        said("system", ""),
        said("system", "two"),
    ]

    assert with_one_system(messages) == [
        said("system", "one\n\ntwo"),
        said("user", "hello"),
        said("assistant", "hi"),
    ]


def test_a_system_of_parts_keeps_them_all() -> None:
    messages = [said("system", "one"), said("system", [text("two"), PICTURE])]

    assert with_one_system(messages) == [
        said("system", [text("one"), text("two"), PICTURE])
    ]


def test_no_system_message_is_invented() -> None:
    assert with_one_system([said("user", "hello")]) == [said("user", "hello")]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], [said("system", "line")]),
        ([said("user", "x")], [said("system", "line"), said("user", "x")]),
        ([said("system", "x")], [said("system", "x\n\nline")]),
        ([said("developer", "x")], [said("developer", "x\n\nline")]),
        ([said("system", [text("x")])], [said("system", [text("x"), text("line")])]),
    ],
    ids=["nothing", "a user", "a system", "a developer", "parts"],
)
def test_an_instruction_stands_in_front(
    messages: list[dict[str, Any]], expected: list[dict[str, Any]]
) -> None:
    assert with_instruction(messages, "line") == expected


def test_pictures_of_tools_are_shown_by_a_user_after_the_last_of_them() -> None:
    messages = [
        said("tool", [text("a screen"), PICTURE]),
        said("tool", "done"),
        said("assistant", "I see."),
        said("tool", [PICTURE]),
    ]

    assert with_pictures_from_users(messages) == [
        said("tool", "a screen"),
        said("tool", "done"),
        said("user", [PICTURE]),
        said("assistant", "I see."),
        said("tool", ""),
        said("user", [PICTURE]),
    ]


def test_pictures_of_assistants_are_shown_by_a_user() -> None:
    call = {"id": "1", "function": {"name": "draw"}}
    drawing = said("assistant", [text("Look:"), PICTURE]) | {"tool_calls": [call]}

    assert with_pictures_from_users([drawing, said("tool", "done")]) == [
        said("assistant", "Look:") | {"tool_calls": [call]},
        said("tool", "done"),
        said("user", [PICTURE]),
    ]
