"""The bodies of the `/v1/messages` routes."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas import fields
from app.schemas.anthropic import CountRequest, MessagesRequest

HELLO = [{"role": "user", "content": "hello"}]
SOUND = {"model": "m", "max_tokens": 1, "messages": HELLO}


def load(**body: Any) -> dict[str, Any]:
    return fields.load(MessagesRequest(), SOUND | body)


def refusal(**body: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        load(**body)
    return caught.value.message


def test_what_is_known_is_kept_and_all_else_dropped() -> None:
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

    assert load(**known, metadata={"user_id": "x"}, some_day=[1]) == SOUND | known


def test_roles_are_in_lower_case() -> None:
    [message] = load(messages=[{"Role": "USER", "content": "a", "id": 5}])["messages"]

    assert message == {"role": "user", "content": "a"}


@pytest.mark.parametrize("key", ["thinking", "output_config", "tool_choice", "thread"])
@pytest.mark.parametrize("value", ["text", 5, [], True])
def test_settings_that_are_none_are_as_good_as_absent(key: str, value: Any) -> None:
    assert load(**{key: value})[key] == {}


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
def test_a_wrong_type_is_told(body: dict[str, Any], text: str) -> None:
    assert text in refusal(**body)


def test_a_whole_number_may_be_a_float() -> None:
    assert load(max_tokens=9.0)["max_tokens"] == 9


def test_counting_needs_no_limit() -> None:
    body = {"model": "m", "messages": HELLO}

    assert fields.load(CountRequest(), {**body, "stream": True}) == body
