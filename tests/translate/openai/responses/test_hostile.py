"""Odd values in every field are refused or accepted, and never raise other errors."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.models import Traits
from app.errors import InvalidRequest
from app.schemas.responses import ResponsesSchema
from app.translate import tool_names
from app.translate.fit import fit
from app.translate.openai.responses import OpenAIResponses
from app.wire import json_codec
from tests.translate.builders import MODEL, completion, make_context

BodyWith = Callable[[Any], dict[str, Any]]  # value -> fields of a body

DIALECT = OpenAIResponses()
TRAITS = Traits(reasoning_efforts={"low": "low"}, vision=True)
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**63, "", "x", "a\u2028b", "data:;base64,"),
    *([], [None], [1], ["x"], [[]], [{}], [[[[]]]]),
    *({}, {"x": None}, {"x": [[{}]]}, {"type": "object"}, {"": ""}),
]
FIELDS = (
    "model input instructions stream max_output_tokens temperature top_p reasoning "
    "text tools tool_choice parallel_tool_calls previous_response_id truncation "
    "background metadata prompt_cache_key safety_identifier include store unknown"
)
KINDS = [
    *("message", "reasoning", "function_call", "custom_tool_call", "shell_call"),
    *("function_call_output", "computer_call_output", "additional_tools", "unknown"),
]
ITEM_KEYS = (
    "type id role content summary encrypted_content call_id name namespace arguments "
    "input output action tools status"
)
TOOL_KEYS = "type name description parameters strict format tools"
PART_KEYS = "type text refusal image_url detail file_id"


def item_with(kind: str, key: str) -> BodyWith:
    return lambda v: {"input": [{"type": kind, key: v}]}


def tool_with(kind: str, key: str) -> BodyWith:
    return lambda v: {"tools": [{"type": kind, "name": "f", key: v}]}


def part_with(kind: str, key: str) -> BodyWith:
    return lambda v: {"input": [{"role": "user", "content": [{"type": kind, key: v}]}]}


PLACES: dict[str, BodyWith] = {
    **{key: lambda v, key=key: {key: v} for key in FIELDS.split()},
    **{f"{kind} {k}": item_with(kind, k) for kind in KINDS for k in ITEM_KEYS.split()},
    **{
        f"{kind} tool {k}": tool_with(kind, k)
        for kind in ("function", "custom", "namespace", "web_search")
        for k in TOOL_KEYS.split()
    },
    **{
        f"{kind} {k}": part_with(kind, k)
        for kind in ("input_text", "input_image", "refusal", "unknown")
        for k in PART_KEYS.split()
    },
    "item": lambda v: {"input": [v]},
    "part": lambda v: {"input": [{"role": "user", "content": [v]}]},
    "choice name": lambda v: {"tool_choice": {"type": "function", "name": v}},
    "allowed tools": lambda v: {"tool_choice": {"type": "allowed_tools", "tools": v}},
    "allowed mode": lambda v: {"tool_choice": {"type": "allowed_tools", "mode": v}},
    "effort": lambda v: {"reasoning": {"effort": v}},
    "format": lambda v: {"text": {"format": v}},
    "format type": lambda v: {"text": {"format": {"type": v}}},
    "schema": lambda v: {"text": {"format": {"type": "json_schema", "schema": v}}},
    **{
        f"format {key}": lambda v, key=key: {
            "text": {"format": {"type": "json_schema", "schema": {}, key: v}}
        }
        for key in ("name", "strict", "description")
    },
}
BODY = {"input": "hi", "tools": [{"type": "function", "name": "f"}]}


@pytest.mark.parametrize("place", PLACES)
def test_any_value_is_refused_or_accepted(place: str) -> None:
    for value in VALUES:
        body = {**BODY, **PLACES[place](value)}
        try:
            loaded = ResponsesSchema().load(body)
            DIALECT.check(loaded)
            request = DIALECT.to_upstream(loaded, MODEL)
            request = fit(request, TRAITS, model="m", name="m")
        except InvalidRequest:
            continue
        json_codec.encode(
            tool_names.replace_names(request, tool_names.replacements(request))
        )
        assert all(isinstance(kind, str) for kind in DIALECT.ignored(loaded))
        assert all(isinstance(image, str) for image in DIALECT.images(loaded))
        context = make_context(body=loaded)
        json_codec.encode(DIALECT.reply(completion(content="hi"), context))
