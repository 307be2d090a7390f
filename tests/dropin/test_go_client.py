"""The stand-in for Ollama's Go client is as hard to please as the real one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dropin import go_structs
from tests.dropin.go_client import (
    BUFFER,
    AuthorizationError,
    ClientError,
    StatusError,
    checked,
    scan,
    whole,
)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_lines_are_found_however_they_arrive(size: int) -> None:
    data = b'{"a":1}\r\n\n{"b":2}'
    parts = [data[start : start + size] for start in range(0, len(data), size)]

    assert list(scan(parts)) == [b'{"a":1}', b"", b'{"b":2}']


def test_a_line_may_fill_the_buffer_but_for_a_byte() -> None:
    longest = b"x" * (BUFFER - 1)

    assert list(scan([longest + b"\n"])) == [longest]
    with pytest.raises(ClientError, match="token too long"):
        list(scan([longest, b"x\n"]))


@pytest.mark.parametrize("line", [b"", b"<html>", b'{"error":{"message":"x"}}'])
def test_a_line_of_another_form_ends_a_stream(line: bytes) -> None:
    with pytest.raises(ClientError) as caught:
        checked(200, line)

    assert str(caught.value) == line.decode()


def test_an_error_in_a_stream_is_told() -> None:
    with pytest.raises(ClientError, match="^no luck$"):
        checked(200, b'{"error":"no luck"}')


@pytest.mark.parametrize("reads", [checked, lambda *a: whole(*a, go_structs.anything)])
def test_a_status_is_an_error_and_401_loses_its_text(reads: Any) -> None:
    with pytest.raises(StatusError, match="^gone$") as caught:
        reads(404, b'{"error":"gone"}')
    assert caught.value.status == 404
    with pytest.raises(AuthorizationError, match="^401 Unauthorized$"):
        reads(401, b'{"error":"gone"}')


def test_an_answer_may_be_empty_or_plain_text_of_an_error() -> None:
    assert whole(200, b"", go_structs.VERSION) == {"version": ""}
    with pytest.raises(StatusError, match="^404 page not found$"):
        whole(404, b"404 page not found", go_structs.VERSION)


def test_what_is_missing_or_null_becomes_a_zero_value() -> None:
    told = go_structs.CHAT({"message": None, "more": 1})

    assert told["created_at"] == go_structs.NEVER
    assert told["message"]["content"] == ""
    assert told["message"]["tool_calls"] == []
    assert told["done"] is False
    assert "more" not in told


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (go_structs.CHAT, {"eval_count": 1.0}),
        (go_structs.CHAT, {"done": "true"}),
        (go_structs.CHAT, {"message": {"content": []}}),
        (go_structs.CHAT, {"created_at": "2026-08-01 01:02:03"}),
        (go_structs.CHAT, {"created_at": 1}),
        (go_structs.TOOL_CALL, {"function": {"arguments": "{}"}}),
        (go_structs.LIST, {"models": {}}),
        (go_structs.USER, {"id": "nobody"}),
    ],
    ids=lambda value: "struct" if callable(value) else str(value),
)
def test_another_type_is_an_error(kind: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="."):
        kind(value)


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-01T01:02:03Z",
        "2026-08-01T01:02:03.1Z",
        "2026-08-01T01:02:03.123456789+02:00",
        "2318-01-01T00:00:00.000000+00:00",
    ],
)
def test_times_have_any_fraction_and_zone(text: str) -> None:
    assert str(go_structs.time(text).year) == text[:4]
