"""Requests of `/v1/responses` are converted to the upstream form."""

import pytest

from app.errors import InvalidRequest
from app.translate.openai.responses import OpenAIResponses
from tests.translate.builders import MODEL, Json

DIALECT = OpenAIResponses()
HELLO = [{"role": "user", "content": "hello"}]
NAMED_SCHEMA = {"name": "town", "strict": True, "schema": {"type": "object"}}


def convert(body: Json) -> Json:
    return DIALECT.to_upstream(body, MODEL)


def test_text_input_is_a_user_message() -> None:
    assert convert({"input": "hello"}) == {"messages": HELLO}


def test_instructions_come_first() -> None:
    request = convert({"input": HELLO, "instructions": "Be brief."})

    assert request["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]


@pytest.mark.parametrize("body", [{}, {"input": ""}, {"input": []}])
def test_input_may_be_empty(body: Json) -> None:
    assert convert(body) == {"messages": []}


@pytest.mark.parametrize(
    ("body", "expected"),
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
            {"text": {"format": {"type": "json_schema", **NAMED_SCHEMA}}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": NAMED_SCHEMA,
                }
            },
        ),
        ({"tool_choice": "auto", "parallel_tool_calls": True}, {}),
    ],
)
def test_other_fields_are_converted(body: Json, expected: Json) -> None:
    assert convert({"input": HELLO, **body}) == {"messages": HELLO, **expected}


def test_unknown_effort_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="invalid reasoning value"):
        convert({"input": "hello", "reasoning": {"effort": "huge"}})


@pytest.mark.parametrize(
    ("effort", "thinking", "is_shown"),
    [(None, False, True), ("none", False, False), ("low", True, True)],
)
def test_effort_needs_and_shows_thinking(
    effort: str | None, thinking: bool, is_shown: bool
) -> None:
    body = {"reasoning": {"effort": effort}}

    assert DIALECT.needs(body) == {"thinking": thinking, "tools": False}
    assert DIALECT.shows_thinking(body) is is_shown


def test_previous_response_id_is_refused() -> None:
    DIALECT.check({"input": "hello", "previous_response_id": None})

    with pytest.raises(InvalidRequest, match="previous_response_id is not supported"):
        DIALECT.check({"input": "hello", "previous_response_id": "resp_1"})


def test_types_that_are_left_out_are_listed_once() -> None:
    body = {
        "input": [*HELLO, {"type": "item_reference"}, {"type": "item_reference"}],
        "tools": [{"type": "web_search"}, {"type": "function", "name": "f"}],
    }

    assert DIALECT.ignored(body) == ["item_reference", "web_search"]
    assert DIALECT.ignored({"input": "hello"}) == []


def test_images_are_found_in_messages_and_tool_outputs() -> None:
    image = {"type": "input_image", "image_url": "data:image/webp;base64,AA"}
    items = [
        {"role": "user", "content": [image]},
        {"type": "function_call_output", "output": [image]},
        "not an item",
    ]

    assert list(DIALECT.images({"input": items})) == ["AA", "AA"]
    assert list(DIALECT.images({"input": "text"})) == []
