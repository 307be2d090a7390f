"""Odd values, bytes and depths in a body are read or refused, never a server error."""

import copy
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.client import CHAT, COMPLETIONS, GENERATE, GPT, OPENAI, QWEN
from tests.blueprints.mutations import places
from tests.blueprints.readers import check_format
from tests.blueprints.samples import SAMPLES

SHOW = "/api/show"
ROUTES = {
    path: SAMPLES["POST", path]
    for path in (
        *(CHAT, GENERATE, OPENAI, COMPLETIONS, SHOW),
        *("/v1/responses", "/v1/messages"),
    )
}
RARE_ITEMS = {
    "model": QWEN,
    "input": [
        {"type": "additional_tools", "tools": [{"type": "custom", "name": "f"}]},
        {"type": "custom_tool_call", "call_id": "a", "name": "f", "input": "x"},
        {"type": "shell_call", "call_id": "b", "action": {"commands": ["ls"]}},
        {
            "type": "computer_call_output",
            "call_id": "a",
            "output": {"type": "computer_screenshot", "image_url": "data:;base64,"},
        },
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"type": "item_reference", "id": "x"},
    ],
    "tool_choice": {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "custom", "name": "f"}],
    },
}
ROUTES["/v1/responses"] = [*ROUTES["/v1/responses"], RARE_ITEMS]
VALUES: list[Any] = [
    *(None, True, -1, 1.5, 10**400, "", "\ud800", "data:;base64,"),
    *([], [None], [[{}]], {}, {"x": [[None]]}, {"type": "object"}),
]


def check_post(client: FlaskClient, path: str, data: bytes | str) -> None:
    with client.post(path, data=data) as response:  # closing frees its slot
        shown = f"{data[:300]!r}: {response.status_code} {response.text[:200]}"
        assert response.status_code in (200, 400, 404), shown
        check_format("POST", path, response)


@pytest.mark.parametrize(
    ("path", "number"),
    [(path, number) for path in ROUTES for number in range(len(ROUTES[path]))],
)
def test_any_value_in_any_place_is_read_or_refused(
    client: FlaskClient, app_log: pytest.LogCaptureFixture, path: str, number: int
) -> None:
    sample = copy.deepcopy(ROUTES[path][number])
    if path in (CHAT, GENERATE, OPENAI, COMPLETIONS):
        sample["_debug_render_only"] = True  # nothing is sent upstream

    for container, key in list(places(sample)):
        original = container[key]
        for value in VALUES:
            container[key] = value
            check_post(client, path, json.dumps(sample))
        container[key] = original

    assert "we built" not in app_log.text  # Cerebras refused no translated request


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
def test_any_bytes_are_read_or_refused(
    client: FlaskClient, path: str, data: bytes
) -> None:
    check_post(client, path, data)


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("path", [CHAT, GENERATE, OPENAI])
def test_any_depth_is_read_or_refused(client: FlaskClient, path: str) -> None:
    """Either the decoder or the code behind it reaches its limit first."""
    for depth in range(100, 1100, 50):
        deep = f'{"[" * depth}"\\ud800"{"]" * depth}'
        schema = f'{{"type":"object","properties":{deep},"x":{deep}}}'
        for field in ("options", "format", "messages", "tools", "response_format"):
            check_post(client, path, f'{{"model":"{GPT}","{field}":{deep}}}')
            check_post(client, path, f'{{"model":"{GPT}","{field}":{schema}}}')
        objects = '{"a":' * depth + "1" + "}" * depth
        call = f'{{"function":{{"name":"f","arguments":{objects}}}}}'
        messages = f'[{{"role":"assistant","tool_calls":[{call}]}},{{"role":"user"}}]'
        body = f'{{"model":"{GPT}","_debug_render_only":true,"messages":{messages}}}'
        check_post(client, path, body)
