"""Bodies that nobody in their right mind sends: refused or read, never a fault of ours.

What would be asked is shown instead of asked, so that the upstream has no part in it.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.talking import (
    CHAT,
    COMPLETIONS,
    GENERATE,
    GPT,
    OPENAI,
    QWEN,
    asking,
    user,
)

SHOW = "/api/show"
VALUES = [
    *(None, True, False, 0, -1, 1.5, 1e300, -1e300),
    *(10**30, -(10**30), 10**400, 2**63, 2**64),
    *("", "x", "\ud800", "a\u2028b", "5m", "9" * 5000, "\x00", "data:;base64,"),
    *([], [None], [1], ["x"], [[]], [{}], [10**30], [[[[]]]]),
    *({}, {"x": None}, {"x": 10**30}, {"x": [[{}]]}, {"type": "object"}, {"": ""}),
]
FIELDS = {
    CHAT: "model messages tools format keep_alive options think truncate shift "
    "logprobs top_logprobs stream _debug_render_only",
    GENERATE: "model prompt suffix system template context raw images format "
    "keep_alive options think logprobs top_logprobs stream",
    OPENAI: "model messages stream stream_options max_tokens max_completion_tokens "
    "seed stop temperature frequency_penalty presence_penalty top_p response_format "
    "tools tool_choice parallel_tool_calls prediction reasoning reasoning_effort "
    "logprobs top_logprobs n user",
    COMPLETIONS: "model prompt suffix echo max_tokens temperature top_p seed stop "
    "logprobs stream stream_options frequency_penalty presence_penalty best_of user",
    SHOW: "model name system template verbose options",
}
OPTIONS = (
    "num_keep seed num_predict top_k top_p min_p typical_p temperature "
    "presence_penalty frequency_penalty stop num_ctx use_mmap nonsense"
)
MESSAGE_KEYS = "role content thinking images tool_calls tool_name tool_call_id"

Make = Callable[[Any], dict[str, Any]]


def said(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": QWEN, "messages": [user(), message, user()]}


def called(call: Any) -> dict[str, Any]:
    return said({"role": "assistant", "content": "", "tool_calls": [call]})


def tool(function: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": function}]}


def parameters(schema: Any) -> dict[str, Any]:
    return tool({"name": "f", "parameters": schema})


def form(schema: Any) -> dict[str, Any]:
    wanted = {"type": "json_schema", "json_schema": {"schema": schema}}
    return {"format": schema, "response_format": wanted}


def part(value: Any) -> dict[str, Any]:
    return {"model": QWEN, "messages": [{"role": "user", "content": [value]}]}


NESTED: dict[str, Make] = {
    **{f"option {k}": lambda v, k=k: {"options": {k: v}} for k in OPTIONS.split()},
    **{
        f"{role} {k}": lambda v, k=k, role=role: said({"role": role, k: v})
        for k in MESSAGE_KEYS.split()
        for role in ("user", "assistant", "tool")
    },
    "message": lambda v: {"messages": [v]},
    "call": called,
    "called": lambda v: called({"function": v}),
    "call id": lambda v: called({"id": v, "function": {"name": "f"}}),
    "called name": lambda v: called({"function": {"name": v}}),
    "arguments": lambda v: called({"function": {"name": "f", "arguments": v}}),
    "tool": lambda v: {"tools": [v]},
    "function": tool,
    "function name": lambda v: tool({"name": v}),
    "description": lambda v: tool({"name": "f", "description": v}),
    "strict": lambda v: tool({"name": "f", "strict": v}),
    "parameters": parameters,
    "properties": lambda v: parameters({"type": "object", "properties": v}),
    "parameters type": lambda v: parameters({"type": v}),
    "choice": lambda v: {**tool({"name": "f"}), "tool_choice": {"function": v}},
    "schema": form,
    "schema properties": lambda v: form({"type": "object", "properties": v}),
    "schema property": lambda v: form({"type": "object", "properties": {"a": v}}),
    "schema type": lambda v: form({"type": v}),
    "schema items": lambda v: form({"type": "array", "items": v}),
    "schema enum": lambda v: form({"enum": v}),
    "schema ref": lambda v: form({"$ref": v, "$defs": {"x": v}}),
    "schema defs": lambda v: form({"$defs": v, "anyOf": v, "required": v}),
    "schema beside tools": lambda v: {**tool({"name": "f"}), **form({"enum": v})},
    "form type": lambda v: {"response_format": {"type": v}},
    "form name": lambda v: {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": v, "description": v, "strict": v, "schema": {}},
        }
    },
    "part": part,
    "part type": lambda v: part({"type": v}),
    "part text": lambda v: part({"type": "text", "text": v}),
    "part image": lambda v: part({"type": "image_url", "image_url": v}),
    "part url": lambda v: part({"type": "image_url", "image_url": {"url": v}}),
    "part audio": lambda v: part({"type": "input_audio", "input_audio": v}),
    "effort": lambda v: {"reasoning": {"effort": v}},
    "image": lambda v: {"images": [v], "messages": [{"images": [v]}]},
}


def check(client: FlaskClient, path: str, data: bytes | str) -> None:
    answer = client.post(path, data=data)
    told = f"{path} {data[:300]!r}: {answer.status_code} {answer.text[:200]}"
    assert answer.status_code in (200, 400, 404), told
    assert isinstance(json.loads(answer.data.splitlines()[0] or b"null"), dict), told


def shown(path: str, more: dict[str, Any]) -> str:
    return json.dumps({**asking(path), "_debug_render_only": True, **more})


@pytest.mark.parametrize(
    ("path", "field"),
    [(path, field) for path, fields in FIELDS.items() for field in fields.split()],
)
def test_any_value_in_any_field(client: FlaskClient, path: str, field: str) -> None:
    for value in VALUES:
        check(client, path, shown(path, {field: value}))


@pytest.mark.parametrize("place", NESTED)
def test_any_value_in_any_place(client: FlaskClient, place: str) -> None:
    for value in VALUES:
        for path in (CHAT, GENERATE, OPENAI):
            check(client, path, shown(path, NESTED[place](value)))


@pytest.mark.parametrize("path", [CHAT, GENERATE, OPENAI, SHOW])
@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\xff\xfe",
        b"nul",
        b"[" * 100_000,
        b'{"model":' * 20_000,
        b'{"messages":[' * 20_000,
        b'{"model":"gpt-oss-120b","x":' + b"9" * 5000 + b"}",
        b'{"model":"gpt-oss-120b","temperature":1e999}',
        b'{"model":NaN}',
        b'{"model":"' + b"\\ud800" * 1000 + b'"}',
        b'{"model":"' + b"a" * 1_000_000 + b'"}',
        b"{" + b'"x":1,' * 10_000 + b'"x":1}',
        b'"' + b"\\" * 99_999 + b'"',
        b"--boundary\r\nContent-Disposition: form-data\r\n\r\nx",
        b"model=gpt-oss-120b&prompt=x",
    ],
    ids=lambda data: repr(data[:16]),
)
def test_any_bytes(client: FlaskClient, path: str, data: bytes) -> None:
    check(client, path, data)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Finalizers of earlier apps would fail where there is no stack left to run on."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("path", [CHAT, GENERATE, OPENAI])
def test_any_depth(client: FlaskClient, path: str) -> None:
    """Whether the decoder or something behind it is the first to give up."""
    for depth in range(100, 1100, 50):
        deep = f'{"[" * depth}"\\ud800"{"]" * depth}'
        schema = f'{{"type":"object","properties":{deep},"x":{deep}}}'
        for field in ("options", "format", "messages", "tools", "response_format"):
            check(client, path, f'{{"model":"{GPT}","{field}":{deep}}}')
            check(client, path, f'{{"model":"{GPT}","{field}":{schema}}}')
        objects = '{"a":' * depth + "1" + "}" * depth
        call = f'{{"function":{{"name":"f","arguments":{objects}}}}}'
        said = f'[{{"role":"assistant","tool_calls":[{call}]}},{{"role":"user"}}]'
        data = f'{{"model":"{GPT}","_debug_render_only":true,"messages":{said}}}'
        check(client, path, data)
