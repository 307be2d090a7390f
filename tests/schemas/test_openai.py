"""The bodies of the `/v1` routes in OpenAI's manner."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas import fields
from app.schemas.openai import ChatRequest

CHAT = ChatRequest()
HELLO = [{"role": "user", "content": "hello"}]


def load(**body: Any) -> dict[str, Any]:
    return fields.load(CHAT, {"messages": HELLO, **body})


def refusal(body: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        fields.load(CHAT, body)
    return caught.value.message


@pytest.mark.parametrize(
    "body",
    [{}, None, {"messages": None}, {"messages": []}],
    ids=["absent", "no body", "null", "empty"],
)
def test_messages_are_required(body: Any) -> None:
    assert refusal(body) == "[] is too short - 'messages'"


def test_what_the_upstream_can_honour_is_kept() -> None:
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

    assert load(**body) == {"messages": HELLO, **body}


def test_what_nobody_reads_is_dropped() -> None:
    assert load(n=2, user="me", logit_bias={}, options={}) == {"messages": HELLO}


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens", "seed"])
def test_whole_numbers_written_as_floats_are_taken(key: str) -> None:
    assert load(**{key: 64.0}) == {"messages": HELLO, key: 64}


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
def test_a_wrong_type_is_told_with_its_place(
    body: dict[str, Any], place: str, kind: str
) -> None:
    text = f"json: cannot unmarshal {kind} into Go struct field"
    assert (
        refusal({"messages": HELLO, **body}) == f"{text} ChatCompletionRequest.{place}"
    )


def test_types_are_told_before_missing_messages_and_ranges() -> None:
    assert "temperature" in refusal({"temperature": "hot"})
    assert "messages" in refusal({"top_logprobs": 21})


def test_content_of_any_type_is_left_to_the_translator() -> None:
    for content in ("x", [{"type": "text"}], 1, {}):
        messages = [{"role": "user", "content": content}]
        assert fields.load(CHAT, {"messages": messages}) == {"messages": messages}
