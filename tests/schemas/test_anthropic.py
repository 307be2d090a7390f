"""Schemas of the `/v1/messages` routes."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas.anthropic import CountTokensSchema, MessagesSchema

HELLO = [{"role": "user", "content": "hello"}]
VALID = {"model": "m", "max_tokens": 1, "messages": HELLO}


def load_messages(**body: Any) -> dict[str, Any]:
    return MessagesSchema().load(VALID | body)


def read_refusal(**body: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        load_messages(**body)
    return caught.value.message


def test_known_fields_are_kept_and_others_dropped() -> None:
    known = {
        "stream": True,
        "system": [{"type": "text", "text": "a"}],
        "temperature": 0.5,
        "top_p": 1,
        "stop_sequences": ["a"],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled", "budget_tokens": 9},
        "output_config": {"effort": "low"},
        "tools": [{"name": "a", "input_schema": {}}],
    }

    assert (
        load_messages(**known, metadata={"user_id": "x"}, some_day=[1]) == VALID | known
    )


def test_role_is_converted_to_lower_case() -> None:
    [message] = load_messages(messages=[{"Role": "USER", "content": "a", "id": 5}])[
        "messages"
    ]

    assert message == {"role": "user", "content": "a"}


@pytest.mark.parametrize("key", ["thinking", "output_config", "tool_choice", "thread"])
@pytest.mark.parametrize("value", ["text", 5, [], True])
def test_setting_of_another_type_becomes_empty(key: str, value: Any) -> None:
    assert load_messages(**{key: value})[key] == {}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"stream": "yes"}, "cannot unmarshal string into Go struct field"),
        ({"max_tokens": "9"}, "of type int"),
        ({"messages": "hello"}, "of type []anthropic.MessageParam"),
        ({"messages": [{"role": "user", "content": 5}]}, "[]anthropic.ContentBlock"),
        ({"stop_sequences": [5]}, "of type string"),
        ({"tools": {}}, "of type []anthropic.Tool"),
        ({"model": 5}, "of type string"),
        ({"messages": [None]}, "unexpected end of JSON input"),
    ],
)
def test_wrong_type_is_refused(body: dict[str, Any], text: str) -> None:
    assert text in read_refusal(**body)


def test_count_tokens_does_not_require_max_tokens() -> None:
    body = {"model": "m", "messages": HELLO}

    assert CountTokensSchema().load({**body, "stream": True}) == body


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"model": None}, "model is required"),
        ({"model": " "}, "model is required"),
        ({"max_tokens": None}, "max_tokens is required and must be positive"),
        ({"max_tokens": 0}, "max_tokens is required and must be positive"),
        ({"messages": None}, "messages is required"),
        ({"messages": []}, "messages is required"),
        ({"model": None, "max_tokens": 0, "messages": []}, "model is required"),
    ],
)
def test_missing_or_empty_required_field_is_refused(
    body: dict[str, Any], text: str
) -> None:
    assert read_refusal(**body) == text


def test_message_content_may_be_null() -> None:
    messages = [{"role": "user", "CONTENT": None}]

    assert load_messages(messages=messages)["messages"] == [{"role": "user"}]


def test_nulls_of_a_setting_are_dropped() -> None:
    setting = {"type": "enabled", "budget_tokens": None}

    assert load_messages(thinking=setting)["thinking"] == {"type": "enabled"}
