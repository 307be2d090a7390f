"""Bodies that nobody sends: refused or read, never a fault of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.models import Traits
from app.errors import InvalidRequest
from app.schemas.responses import ResponsesSchema
from app.translate import toolnames
from app.translate.fit import fit
from app.translate.openai import responses
from app.wire import json_codec
from tests.translate.openai.speech import context

Make = Callable[[Any], dict[str, Any]]

SEEING = Traits(reasoning_efforts={"low": "low"}, vision=True)
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


def item(kind: str, key: str) -> Make:
    return lambda v: {"input": [{"type": kind, key: v}]}


def tool(kind: str, key: str) -> Make:
    return lambda v: {"tools": [{"type": kind, "name": "f", key: v}]}


def part(kind: str, key: str) -> Make:
    return lambda v: {
        "input": [{"role": "user", "content": [{"type": kind, key: v}]}],
    }


PLACES: dict[str, Make] = {
    **{key: lambda v, key=key: {key: v} for key in FIELDS.split()},
    **{f"{kind} {k}": item(kind, k) for kind in KINDS for k in ITEM_KEYS.split()},
    **{
        f"{kind} tool {k}": tool(kind, k)
        for kind in ("function", "custom", "namespace", "web_search")
        for k in TOOL_KEYS.split()
    },
    **{
        f"{kind} {k}": part(kind, k)
        for kind in ("input_text", "input_image", "refusal", "unknown")
        for k in PART_KEYS.split()
    },
    "item": lambda v: {"input": [v]},
    "part": lambda v: {"input": [{"role": "user", "content": [v]}]},
    "choice name": lambda v: {"tool_choice": {"type": "function", "name": v}},
    "allowed": lambda v: {"tool_choice": {"type": "allowed_tools", "tools": v}},
    "allowed mode": lambda v: {"tool_choice": {"type": "allowed_tools", "mode": v}},
    "effort": lambda v: {"reasoning": {"effort": v}},
    "form": lambda v: {"text": {"format": v}},
    "form type": lambda v: {"text": {"format": {"type": v}}},
    "schema": lambda v: {"text": {"format": {"type": "json_schema", "schema": v}}},
    "form name": lambda v: {
        "text": {
            "format": {
                "type": "json_schema",
                "schema": {},
                **dict.fromkeys(("name", "strict", "description"), v),
            }
        }
    },
}
WHOLE = {"input": "hi", "tools": [{"type": "function", "name": "f"}]}


@pytest.mark.parametrize("place", PLACES)
def test_any_value_in_any_place(place: str) -> None:
    for value in VALUES:
        body = {**WHOLE, **PLACES[place](value)}
        try:
            checked = ResponsesSchema().load(body)
            responses.check(checked)
            request = fit(responses.to_upstream(checked), SEEING, model="m", name="m")
        except InvalidRequest:
            continue
        json_codec.encode(toolnames.rename(request, toolnames.stand_ins(request)))
        assert all(isinstance(kind, str) for kind in responses.ignored(checked))
        assert list(responses.pictures(checked)) is not None
        json_codec.encode(responses.Reply(context(), checked).fold([]))
