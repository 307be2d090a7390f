"""Check functions of single values."""

from typing import Any

import pytest
from marshmallow import ValidationError

from app.schemas import ollama
from app.schemas.base import (
    Check,
    accept,
    check_bool,
    check_int,
    check_map,
    check_number,
    check_string,
)

SECOND = 1_000_000_000
FOREVER = -1
LONGEST = 2**63 - 1


def read_refusal(check: Check, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        check(value, "NoteRequest.x")
    return str(caught.value.messages[0])


def go_error(kind: str, go_type: str) -> str:
    place = f"Go struct field NoteRequest.x of type {go_type}"
    return f"json: cannot unmarshal {kind} into {place}"


@pytest.mark.parametrize(
    ("check", "value", "result"),
    [
        (check_string, "", ""),
        (check_bool, False, False),
        (check_int, 3, 3),
        (check_int, 8192.0, 8192),
        (ollama.check_context, [1, 2.0, None], [1, 2, 0]),
        (check_number, 1, 1),
        (check_number, 0.5, 0.5),
        (check_map, {"a": None}, {"a": None}),
        (accept, [1], [1]),
        (ollama.check_images, ["aGk=", None], ["aGk=", ""]),
    ],
)
def test_valid_value_is_returned(check: Check, value: Any, result: Any) -> None:
    checked = check(value, "NoteRequest.x")

    assert checked == result
    assert type(checked) is type(result)


@pytest.mark.parametrize(
    ("check", "value", "kind", "go_type"),
    [
        (check_string, 1, "number", "string"),
        (check_string, ["x"], "array", "string"),
        (check_bool, "yes", "string", "bool"),
        (check_bool, 1, "number", "bool"),
        (check_int, "1", "string", "int"),
        (check_int, True, "bool", "int"),
        (check_int, 2.5, "number 2.5", "int"),
        (ollama.check_context, "x", "string", "[]int"),
        (ollama.check_context, [1.5], "number 1.5", "int"),
        (ollama.check_context, [{}], "object", "int"),
        (check_number, True, "bool", "float64"),
        (check_map, [], "array", "map[string]interface {}"),
        (ollama.check_images, "abc", "string", "[]api.ImageData"),
        (ollama.check_images, [1], "number", "string"),
        (ollama.check_images, [[256]], "array", "uint8"),
        (ollama.check_images, [["x"]], "array", "uint8"),
    ],
)
def test_wrong_type_is_refused_in_go_words(
    check: Check, value: Any, kind: str, go_type: str
) -> None:
    assert read_refusal(check, value) == go_error(kind, go_type)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("aGVs\r\nbG8=", "aGVsbG8="),
        ([104, 105], "aGk="),
        ([], ""),
    ],
    ids=["base64", "byte values", "no byte values"],
)
def test_image_is_standard_base64_or_byte_values(value: Any, encoded: str) -> None:
    assert ollama.check_image(value, "x") == encoded


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        (0, 0),
        (5, 5 * SECOND),
        (0.5, SECOND // 2),
        (300.0, 300 * SECOND),
        (-1, FOREVER),
        (-0.1, FOREVER),
        ("1.5h", 5400 * SECOND),
        ("0", 0),
        ("-5m", FOREVER),
        ("-1s", FOREVER),
        (1e300, LONGEST),
        (10**400, LONGEST),
    ],
    ids=lambda value: str(value)[:12],
)
def test_keep_alive_is_converted_to_nanoseconds(value: Any, nanoseconds: int) -> None:
    assert ollama.check_keep_alive(value, "x") == nanoseconds
