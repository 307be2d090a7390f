"""Bodies of `/v1/chat/completions` are read as Go reads them."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas.fields import load
from app.schemas.openai import ChatRequest

USER = {"role": "user", "content": "hello"}
TOO_SHORT = "[] is too short - 'messages'"


def read(**fields: Any) -> dict[str, Any]:
    return load(ChatRequest(), {"messages": [USER], **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "m", "stream": True, "stream_options": {"include_usage": True}},
        {"max_tokens": 5, "max_completion_tokens": 6, "seed": 7},
        {"temperature": 0, "top_p": 0.5, "frequency_penalty": -1},
        {"stop": "x"},
        {"stop": ["x", 5]},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        {"tools": [{"type": "function", "function": {"name": "a", "strict": True}}]},
        {"tools": [], "tool_choice": {"type": "function"}},
        {"reasoning": {"effort": ""}, "reasoning_effort": "high"},
        {"logprobs": True, "top_logprobs": 20},
        {"prediction": {"type": "content", "content": "x"}},
    ],
    ids=" ".join,
)
def test_what_is_known_is_kept(fields: dict[str, Any]) -> None:
    assert read(**fields) == {"messages": [USER], **fields}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "developer", "content": [{"type": "text", "text": "x"}]},
        {"role": "assistant", "content": "", "reasoning": "hm", "tool_calls": []},
        {
            "role": "assistant",
            "tool_calls": [{"id": "1", "function": {"name": "a", "arguments": ""}}],
        },
        {"role": "tool", "content": "A", "tool_call_id": "1", "name": "a"},
        {"role": "user", "content": 5},
    ],
    ids=str,
)
def test_messages_are_kept(message: dict[str, Any]) -> None:
    assert read(messages=[message])["messages"] == [message]


def test_unknown_and_null_fields_are_dropped() -> None:
    function = {"name": "a", "arguments": "{}"}
    calls = [{"type": "function", "index": 0, "function": function}]
    message = {"role": "assistant", "content": None, "refusal": None, "audio": {}}

    body = read(
        messages=[message | {"tool_calls": calls}],
        options={"num_ctx": 5},
        user="me",
        temperature=None,
        tools=[{"type": "function", "function": {"name": "a", "x": 1}, "y": 2}],
    )

    assert body == {
        "messages": [{"role": "assistant", "tool_calls": [{"function": function}]}],
        "tools": [{"type": "function", "function": {"name": "a"}}],
    }


def test_a_tools_schema_is_kept_whole() -> None:
    parameters = {
        "type": "object",
        "properties": {"a": {"oneOf": [], "default": None}},
        "additionalProperties": False,
    }
    tool = {"type": "function", "function": {"name": "a", "parameters": parameters}}

    assert read(tools=[tool])["tools"] == [tool]


def test_keys_match_in_any_case() -> None:
    assert read(Model="m", TEMPERATURE=1)["model"] == "m"


def test_whole_floats_are_integers() -> None:
    assert read(max_tokens=8192.0)["max_tokens"] == 8192


MISMATCHES = {
    "model": (5, "number", "model", "string"),
    "stream": ("yes", "string", "stream", "bool"),
    "stream_options": ({"include_usage": 1}, "number", "include_usage", "bool"),
    "max_tokens": ("5", "string", "max_tokens", "int"),
    "max_completion_tokens": ([], "array", "max_completion_tokens", "int"),
    "temperature": ("hot", "string", "temperature", "float64"),
    "tools": ({}, "object", "tools", "[]api.Tool"),
    "response_format": ({"type": 5}, "number", "type", "string"),
    "reasoning": ({"effort": 5}, "number", "effort", "string"),
    "messages": ({}, "object", "messages", "[]openai.Message"),
}


@pytest.mark.parametrize(
    ("field", "value", "kind", "place", "go_type"),
    [(field, *case) for field, case in MISMATCHES.items()],
    ids=MISMATCHES.keys(),
)
def test_a_wrong_type_is_told_in_gos_words(
    field: str, value: Any, kind: str, place: str, go_type: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**{field: value})

    told = refused.value.message
    assert told.startswith(f"json: cannot unmarshal {kind} into Go struct field")
    assert f"ChatCompletionRequest.{field}" in told
    assert f"{place} of type {go_type}" in told


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        {"role": 5},
        {"role": "assistant", "tool_calls": {}},
        {"role": "assistant", "tool_calls": ["x"]},
        {"role": "assistant", "tool_calls": [{"function": {"arguments": {}}}]},
    ],
    ids=str,
)
def test_a_message_of_another_shape_is_refused(message: Any) -> None:
    with pytest.raises(InvalidRequest, match="cannot unmarshal"):
        read(messages=[message])


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"messages": []}], ids=str)
def test_a_conversation_needs_a_message(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        load(ChatRequest(), body)

    assert refused.value.message == TOO_SHORT


def test_a_wrong_type_is_told_before_missing_messages() -> None:
    with pytest.raises(InvalidRequest, match="cannot unmarshal"):
        load(ChatRequest(), {"temperature": "hot"})


@pytest.mark.parametrize("count", [-1, 21])
def test_logprobs_are_at_most_twenty(count: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(top_logprobs=count)

    assert refused.value.message == "top_logprobs must be between 0 and 20"


def test_a_missing_body_is_told_as_on_v1() -> None:
    assert ChatRequest.missing_body == "EOF"
