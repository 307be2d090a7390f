"""The body of `/v1/responses`."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas import fields
from app.schemas.responses import ResponsesRequest

SCHEMA = ResponsesRequest()


def load(**body: Any) -> dict[str, Any]:
    return fields.load(SCHEMA, body)


def test_what_is_read_is_kept() -> None:
    body = {
        "model": "m",
        "input": [{"role": "user", "content": "hi"}],
        "instructions": "Be brief.",
        "stream": True,
        "max_output_tokens": 5,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "schema": {}}, "verbosity": "low"},
        "tools": [{"type": "namespace", "name": "n", "tools": [{"name": "f"}]}],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "previous_response_id": "resp_1",
        "metadata": {"a": "b"},
    }

    assert load(**body) == body


def test_what_nobody_reads_is_dropped() -> None:
    extra = {"store": True, "include": ["x"], "client_metadata": {}, "user": 1}

    assert load(input="hi", **extra) == {"input": "hi"}


def test_tools_among_the_items_are_checked_as_tools() -> None:
    tools = [{"type": "function", "name": "f", "unknown": 1}]
    brought = {"type": "additional_tools", "role": "developer", "tools": tools}

    [item] = load(input=[brought])["input"]

    assert item["tools"] == [{"type": "function", "name": "f"}]
    with pytest.raises(InvalidRequest, match="input.tools"):
        load(input=[{**brought, "tools": "f"}])


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"input": 1}, "input must be a string or array: got number"),
        ({"input": {}}, "input must be a string or array: got object"),
        ({"tools": {}}, "ResponsesRequest.tools of type []ResponsesTool"),
        ({"tools": [{"name": 1}]}, "ResponsesRequest.tools.name of type string"),
        ({"tools": [{"parameters": []}]}, "of type api.ToolFunctionParameters"),
        ({"reasoning": {"effort": 1}}, "reasoning.effort of type string"),
        ({"text": {"format": {"type": 1}}}, "text.format.type of type string"),
        ({"stream": "yes"}, "stream of type bool"),
        ({"max_output_tokens": 1.5}, "max_output_tokens of type int"),
    ],
)
def test_a_wrong_type_is_told_with_its_place(body: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        load(**body)

    assert refusal.value.message.endswith(text)
