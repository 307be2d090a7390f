"""The rewritten Go client is as strict as the real one."""

from typing import Any

import pytest

from tests.dropin import go_structs
from tests.dropin.go_client import (
    BUFFER,
    AuthorizationError,
    ClientError,
    StatusError,
    read_line,
    read_object,
    scan,
)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_lines_are_found_however_they_are_cut(size: int) -> None:
    data = b'{"a":1}\r\n\n{"b":2}'
    parts = [data[start : start + size] for start in range(0, len(data), size)]

    assert list(scan(parts)) == [b'{"a":1}', b"", b'{"b":2}']


def test_line_as_long_as_the_buffer_is_an_error() -> None:
    longest = b"x" * (BUFFER - 1)

    assert list(scan([longest + b"\n"])) == [longest]
    with pytest.raises(ClientError, match="token too long"):
        list(scan([longest, b"x\n"]))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"", ""),
        (b"<html>", "<html>"),
        (b'{"error":{"message":"x"}}', '{"error":{"message":"x"}}'),
        (b'{"error":"no luck"}', "no luck"),
    ],
)
def test_error_line_and_line_of_another_form_are_errors(line: bytes, text: str) -> None:
    with pytest.raises(ClientError) as caught:
        read_line(200, line)

    assert str(caught.value) == text


def test_status_is_an_error_and_401_has_no_text() -> None:
    with pytest.raises(StatusError, match="^gone$"):
        read_line(404, b'{"error":"gone"}')
    with pytest.raises(StatusError, match="^404 page not found$"):
        read_object(404, b"404 page not found", go_structs.VERSION)
    with pytest.raises(AuthorizationError, match="^401 Unauthorized$"):
        read_object(401, b'{"error":"gone"}', go_structs.VERSION)


def test_missing_and_null_fields_have_zero_values() -> None:
    chat = go_structs.CHAT({"message": None, "more": 1})

    assert chat["created_at"] == go_structs.NEVER
    assert chat["message"]["tool_calls"] == []
    assert chat["done"] is False
    assert "more" not in chat


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (go_structs.CHAT, {"eval_count": 1.0}),
        (go_structs.CHAT, {"message": {"content": []}}),
        (go_structs.CHAT, {"created_at": "2026-08-01 01:02:03"}),
        (go_structs.TOOL_CALL, {"function": {"arguments": "{}"}}),
        (go_structs.LIST, {"models": {}}),
        (go_structs.USER, {"id": "nobody"}),
    ],
    ids=lambda value: "struct" if callable(value) else str(value),
)
def test_value_of_another_type_is_an_error(kind: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="."):
        kind(value)
