"""Schemas of OpenAI's `/v1` routes."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas.openai import ChatCompletionSchema

CHAT = ChatCompletionSchema()
HELLO = [{"role": "user", "content": "hello"}]


def load_chat(**body: Any) -> dict[str, Any]:
    return CHAT.load({"messages": HELLO, **body})


def read_refusal(body: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        CHAT.load(body)
    return caught.value.message


@pytest.mark.parametrize(
    "body",
    [{}, None, {"messages": None}, {"messages": []}],
    ids=["absent", "no body", "null", "empty"],
)
def test_missing_messages_are_refused(body: Any) -> None:
    assert read_refusal(body) == "[] is too short - 'messages'"


def test_fields_that_cerebras_takes_are_kept() -> None:
    body = {
        "model": "m",
        "max_completion_tokens": 5,
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "prediction": {"type": "content", "content": "x"},
        "stream_options": {"include_usage": True},
        "reasoning": {"effort": "low"},
        "stop": ["a"],
        "_debug_render_only": True,
    }

    assert load_chat(**body) == {"messages": HELLO, **body}


def test_unused_fields_are_dropped() -> None:
    assert load_chat(n=2, user="me", logit_bias={}, options={}) == {"messages": HELLO}


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        ({"messages": "x"}, "messages of type []openai.Message", "string"),
        ({"temperature": "hot"}, "temperature of type float64", "string"),
        ({"max_tokens": 1.5}, "max_tokens of type int", "number 1.5"),
        ({"stream": 1}, "stream of type bool", "number"),
        ({"tools": {}}, "tools of type []api.Tool", "object"),
        (
            {"response_format": {"type": 1}},
            "response_format.type of type string",
            "number",
        ),
        ({"reasoning": {"effort": 1}}, "reasoning.effort of type string", "number"),
        (
            {"stream_options": {"include_usage": 1}},
            "stream_options.include_usage of type bool",
            "number",
        ),
    ],
)
def test_refusal_names_the_field_with_the_wrong_type(
    body: dict[str, Any], place: str, kind: str
) -> None:
    text = f"json: cannot unmarshal {kind} into Go struct field"
    assert (
        read_refusal({"messages": HELLO, **body})
        == f"{text} ChatCompletionRequest.{place}"
    )


def test_wrong_type_is_reported_before_missing_messages() -> None:
    assert "temperature" in read_refusal({"temperature": "hot"})
    assert "messages" in read_refusal({"top_logprobs": 21})


def test_content_of_any_type_is_accepted() -> None:
    for content in ("x", [{"type": "text"}], 1, {}):
        messages = [{"role": "user", "content": content}]
        assert CHAT.load({"messages": messages}) == {"messages": messages}
