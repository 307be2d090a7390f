"""The checks that every body shares."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from app.errors import InvalidRequest
from app.schemas import fields
from app.schemas.fields import Check, Checked, Request

SECOND = 1_000_000_000
FOREVER = -1
LONGEST = 2**63 - 1


class Thing(Request):
    go_name = "ThingRequest"

    name = Checked(fields.text)
    count = Checked(fields.integer)


def refusal(check: Check, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        check(value, "ThingRequest.x")
    return str(caught.value.messages[0])


def unmarshal(kind: str, go_type: str) -> str:
    place = f"Go struct field ThingRequest.x of type {go_type}"
    return f"json: cannot unmarshal {kind} into {place}"


@pytest.mark.parametrize("key", ["name", "NAME", "Name", "nAmE"])
def test_keys_are_known_in_any_case(key: str) -> None:
    assert fields.load(Thing(), {key: "a"}) == {"name": "a"}


def test_the_last_of_two_spellings_of_a_key_wins() -> None:
    assert fields.load(Thing(), {"name": "a", "NAME": "b"}) == {"name": "b"}
    assert fields.load(Thing(), {"NAME": "b", "name": "a"}) == {"name": "a"}


def test_null_is_as_good_as_absent() -> None:
    assert fields.load(Thing(), {"name": None, "count": 1}) == {"count": 1}
    assert fields.load(Thing(), {"name": "a", "NAME": None}) == {"name": "a"}
    assert fields.load(Thing(), None) == {}


def test_unknown_keys_are_dropped() -> None:
    assert fields.load(Thing(), {"other": [1], "name": "a"}) == {"name": "a"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [([], "array"), ("x", "string"), (1, "number"), (1.5, "number"), (True, "bool")],
)
def test_a_body_that_is_no_object_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        fields.load(Thing(), value)

    text = f"json: cannot unmarshal {kind} into Go value of type api.ThingRequest"
    assert caught.value.message == text


def test_the_first_bad_field_is_told() -> None:
    with pytest.raises(InvalidRequest, match=r"ThingRequest\.name of type string"):
        fields.load(Thing(), {"count": "x", "name": 1})


@pytest.mark.parametrize(
    ("check", "value", "result"),
    [
        (fields.text, "", ""),
        (fields.flag, False, False),
        (fields.integer, 3, 3),
        (fields.integer, 8192.0, 8192),
        (fields.integers, [1, 2.0, None], [1, 2, 0]),
        (fields.number, 1, 1),
        (fields.number, 0.5, 0.5),
        (fields.mapping, {"a": None}, {"a": None}),
        (fields.anything, [1], [1]),
        (fields.images, ["aGk=", None], ["aGk=", ""]),
    ],
)
def test_good_values_pass(check: Check, value: Any, result: Any) -> None:
    checked = check(value, "ThingRequest.x")

    assert checked == result
    assert type(checked) is type(result)


@pytest.mark.parametrize(
    ("check", "value", "kind", "go_type"),
    [
        (fields.text, 1, "number", "string"),
        (fields.text, ["x"], "array", "string"),
        (fields.flag, "yes", "string", "bool"),
        (fields.flag, 1, "number", "bool"),
        (fields.integer, "1", "string", "int"),
        (fields.integer, True, "bool", "int"),
        (fields.integer, 2.5, "number 2.5", "int"),
        (fields.integers, "x", "string", "[]int"),
        (fields.integers, [1.5], "number 1.5", "int"),
        (fields.integers, [{}], "object", "int"),
        (fields.number, True, "bool", "float64"),
        (fields.mapping, [], "array", "map[string]interface {}"),
        (fields.images, "abc", "string", "[]api.ImageData"),
        (fields.images, [1], "number", "string"),
        (fields.images, [[256]], "array", "uint8"),
        (fields.images, [["x"]], "array", "uint8"),
    ],
)
def test_a_wrong_type_is_told_as_go_does(
    check: Check, value: Any, kind: str, go_type: str
) -> None:
    assert refusal(check, value) == unmarshal(kind, go_type)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("aGVsbG8=", "aGVsbG8="),
        ("aGVs\r\nbG8=\n", "aGVsbG8="),
        ("", ""),
        ([104, 105], "aGk="),
        ([], ""),
    ],
    ids=["plain", "in lines", "empty", "byte values", "no byte values"],
)
def test_pictures_are_standard_base64(value: Any, encoded: str) -> None:
    assert fields.base64_text(value, "x") == encoded


def test_invalid_base64_is_refused() -> None:
    text = "illegal base64 data at input byte 4"
    assert refusal(fields.base64_text, "AAAA!") == text


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        (0, 0),
        (5, 5 * SECOND),
        (0.5, SECOND // 2),
        (300.0, 300 * SECOND),
        (-1, FOREVER),
        (-0.1, FOREVER),
        ("5m", 300 * SECOND),
        ("1.5h", 5400 * SECOND),
        ("300ms", 3 * SECOND // 10),
        ("24h", 86_400 * SECOND),
        ("2h45m", 9900 * SECOND),
        ("5m0s", 300 * SECOND),
        ("0", 0),
        ("0s", 0),
        ("-5m", FOREVER),
        ("-1s", FOREVER),
        (1e300, LONGEST),
        (10**400, LONGEST),
    ],
    ids=lambda value: str(value)[:12],
)
def test_keep_alive_becomes_nanoseconds(value: Any, nanoseconds: int) -> None:
    assert fields.keep_alive(value, "x") == nanoseconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5", 'time: missing unit in duration "5"'),
        ("-1", 'time: missing unit in duration "-1"'),
        ("abc", 'time: invalid duration "abc"'),
        ("", 'time: invalid duration ""'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        (True, "Unsupported type: 'bool'"),
        ([], "Unsupported type: '[]interface {}'"),
        ({}, "Unsupported type: 'map[string]interface {}'"),
    ],
)
def test_another_keep_alive_is_told_as_go_does(value: Any, text: str) -> None:
    assert refusal(fields.keep_alive, value) == text
