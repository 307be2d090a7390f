"""Messages are changed to what the upstream accepts, without loss."""

from typing import Any

import pytest

from app.domain.models import Traits
from app.translate.fit import (
    with_images_from_users,
    with_known_roles,
    with_one_system,
)
from app.translate.messages import join_texts, text_of, with_instruction
from tests.translate.builders import Json, image_part, message, text_part

IMAGE = image_part("data:image/png;base64,AAAA")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("one", "one"),
        (None, ""),
        ([], ""),
        ([text_part("one"), IMAGE, text_part("two")], "one\ntwo"),
    ],
    ids=["text", "none", "no parts", "parts"],
)
def test_text_of_content(content: Any, expected: str) -> None:
    assert text_of(content) == expected


def test_parts_are_joined_only_if_all_are_texts() -> None:
    assert join_texts([text_part("one"), text_part("two")], " ") == "one two"
    assert join_texts([text_part("one"), IMAGE], " ") == [text_part("one"), IMAGE]


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
    traits = Traits(developer_role=developer_role)

    [known] = with_known_roles([message(role, "x")], traits)

    assert known == message(expected, "x")


def test_system_messages_become_one_first_message() -> None:
    messages = [
        message("user", "hello"),
        message("system", "one"),
        message("assistant", "hi"),
        message("system", ""),
        message("system", "two"),
    ]

    system = message("system", "one\n\ntwo")
    assert with_one_system(messages) == [system, messages[0], messages[2]]


def test_joined_system_message_keeps_parts() -> None:
    messages = [message("system", "one"), message("system", [text_part("two"), IMAGE])]

    assert with_one_system(messages) == [
        message("system", [text_part("one"), text_part("two"), IMAGE])
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
            [message("system", [text_part("x")])],
            [message("system", [text_part("x"), text_part("line")])],
        ),
    ],
    ids=["empty", "user", "system", "developer", "parts"],
)
def test_instruction_is_added_to_the_first_message(
    messages: list[Json], expected: list[Json]
) -> None:
    assert with_instruction(messages, "line") == expected


def test_images_of_tools_move_to_a_user_message_after_the_last_tool() -> None:
    messages = [
        message("tool", [text_part("a screen"), IMAGE]),
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
    drawing = message("assistant", [text_part("Look:"), IMAGE]) | {"tool_calls": [call]}

    assert with_images_from_users([drawing, message("tool", "done")]) == [
        message("assistant", "Look:") | {"tool_calls": [call]},
        message("tool", "done"),
        message("user", [IMAGE]),
    ]
