"""A request of `/v1/responses` in the upstream form."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.translate.openai.responses import check, ignored, pictures, to_upstream

HELLO = [{"role": "user", "content": "hello"}]
SCHEMA = {"type": "object", "properties": {}}


def test_a_text_is_the_users_message() -> None:
    assert to_upstream({"input": "hello"}) == {"messages": HELLO}


def test_instructions_come_first() -> None:
    asked = to_upstream({"input": HELLO, "instructions": "Be brief."})

    assert asked["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]


@pytest.mark.parametrize("body", [{}, {"input": ""}, {"input": []}])
def test_a_request_may_say_nothing(body: dict[str, Any]) -> None:
    assert to_upstream(body) == {"messages": []}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"temperature": 0, "top_p": 0.5}, {"temperature": 0, "top_p": 0.5}),
        ({"max_output_tokens": 16}, {"max_completion_tokens": 16}),
        ({"max_output_tokens": 0}, {}),
        (
            {"reasoning": {"effort": "xhigh", "summary": "auto"}},
            {"reasoning_effort": "max"},
        ),
        ({"reasoning": {"effort": "none"}}, {"reasoning_effort": "none"}),
        ({"reasoning": {"summary": "auto"}}, {}),
        ({"text": {"format": {"type": "text"}, "verbosity": "low"}}, {}),
        (
            {"text": {"format": {"type": "json_object"}}},
            {"response_format": {"type": "json_object"}},
        ),
        (
            {
                "text": {
                    "format": {
                        "type": "json_schema",
                        "name": "town",
                        "strict": True,
                        "schema": SCHEMA,
                    }
                }
            },
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "town", "strict": True, "schema": SCHEMA},
                }
            },
        ),
        ({"tool_choice": "auto", "parallel_tool_calls": True}, {}),
    ],
)
def test_settings_are_told_in_the_upstreams_words(
    body: dict[str, Any], told: dict[str, Any]
) -> None:
    assert to_upstream({"input": HELLO, **body}) == {"messages": HELLO, **told}


def test_an_effort_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="invalid reasoning value"):
        to_upstream({"input": "hello", "reasoning": {"effort": "huge"}})


def test_what_was_said_before_is_not_known() -> None:
    check({"input": "hello", "previous_response_id": None})

    with pytest.raises(InvalidRequest, match="previous_response_id is not supported"):
        check({"input": "hello", "previous_response_id": "resp_1"})


def test_what_is_left_out_is_named_once() -> None:
    body = {
        "input": [*HELLO, {"type": "item_reference"}, {"type": "item_reference"}],
        "tools": [{"type": "web_search"}, {"type": "function", "name": "f"}],
    }

    assert ignored(body) == ["item_reference", "web_search"]
    assert ignored({"input": "hello"}) == []


def test_pictures_are_found_in_messages_and_results() -> None:
    image = {"type": "input_image", "image_url": "data:image/webp;base64,AA"}
    said = [
        {"role": "user", "content": [image]},
        {"type": "function_call_output", "output": [image]},
        "odd",
    ]

    assert list(pictures({"input": said})) == ["AA", "AA"]
    assert list(pictures({"input": "text"})) == []
