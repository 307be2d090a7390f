"""Schema of `/v1/responses`."""

from typing import Any

import pytest

from app.errors import InvalidRequest
from app.schemas.responses import ResponsesSchema

SCHEMA = ResponsesSchema()


def load_body(**body: Any) -> dict[str, Any]:
    return SCHEMA.load(body)


def test_known_fields_are_kept() -> None:
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

    assert load_body(**body) == body


def test_unused_fields_are_dropped() -> None:
    extra = {"store": True, "include": ["x"], "client_metadata": {}, "user": 1}

    assert load_body(input="hi", **extra) == {"input": "hi"}


def test_tools_of_an_input_item_are_checked() -> None:
    tools = [{"type": "function", "name": "f", "unknown": 1}]
    item = {"type": "additional_tools", "role": "developer", "tools": tools}

    [loaded] = load_body(input=[item])["input"]

    assert loaded["tools"] == [{"type": "function", "name": "f"}]
    with pytest.raises(InvalidRequest, match="input.tools"):
        load_body(input=[{**item, "tools": "f"}])


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
def test_refusal_names_the_field_with_the_wrong_type(
    body: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        load_body(**body)

    assert caught.value.message.endswith(text)
