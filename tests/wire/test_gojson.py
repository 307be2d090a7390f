"""JSON as Go reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.wire import gojson

DOCUMENT = (
    b'{"model": "\\u00e9\\"\\\\ \xc3\xa9", "n": -1.5e+10, '
    b'"flags": [true, false, null], "nested": {"empty": {}, "none": []}}'
)


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidRequest) as caught:
        gojson.decode(data)
    return caught.value.message


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, "x", True, None, {}]},
        [],
        "text",
        0,
        None,
        {"é": "\u2028\U0001f600"},
    ],
    ids=json.dumps,
)
def test_plain_json_is_decoded(value: Any) -> None:
    assert gojson.decode(json.dumps(value).encode()) == value
    assert gojson.decode(json.dumps(value, ensure_ascii=False).encode()) == value


def test_the_last_of_two_equal_keys_wins() -> None:
    assert gojson.decode(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize("junk", [b"junk", b"{", b"]", b" {}", b"\xff"])
def test_bytes_behind_the_first_value_are_ignored(junk: bytes) -> None:
    assert gojson.decode(b' \r\n\t{"model": "a"}' + junk) == {"model": "a"}


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'"a\xffb"', "a\ufffdb"),
        (b'{"\xff": 1}', {"\ufffd": 1}),
        (rb'"\ud800"', "\ufffd"),
        (rb'"\ud800x"', "\ufffdx"),
        (rb'"x\udc00y"', "x\ufffdy"),
        (rb'{"\udc00": ["\ud800", 1]}', {"\ufffd": ["\ufffd", 1]}),
        (rb'"\ud83d\ude00"', "\U0001f600"),
    ],
    ids=[
        "a byte in a text",
        "a byte in a key",
        "half a pair",
        "half a pair, then more",
        "the other half",
        "deep down",
        "a whole pair",
    ],
)
def test_what_is_no_text_becomes_a_replacement_character(
    data: bytes, value: Any
) -> None:
    assert gojson.decode(data) == value


@pytest.mark.parametrize("end", range(1, len(DOCUMENT)))
def test_a_body_that_is_cut_short_ends_unexpectedly(end: int) -> None:
    assert refusal(DOCUMENT[:end]) == "unexpected EOF"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'{"a":1,}', "'}' looking for beginning of object key string"),
        (b"{a:1}", "'a' looking for beginning of object key string"),
        (b"not json", "'o' in literal null (expecting 'u')"),
        (b'{"a": trie}', "'i' in literal true (expecting 'u')"),
        (b"\xef\xbb\xbf{}", "'ï' looking for beginning of value"),
        (b"[1,]", "']' looking for beginning of value"),
        (b'{"a" 1}', "'1' after object key"),
        (b'{"a":1 "b":2}', "'\"' after object key:value pair"),
        (b"NaN", "'N' looking for beginning of value"),
        (b'{"a":Infinity}', "'I' looking for beginning of value"),
    ],
    ids=lambda value: value.decode("latin-1") if isinstance(value, bytes) else "",
)
def test_what_is_wrong_is_told_in_the_words_of_go(data: bytes, text: str) -> None:
    assert refusal(data) == f"invalid character {text}"


@pytest.mark.parametrize(
    "data",
    [
        b"1e999",
        b"-1e999",
        b"9" * 5000,
        b'{"a":-' + b"9" * 5000 + b"}",
        b"\x00",
        b'"a\nb"',
        b'"\\x"',
        b'"\\u12g4"',
        b"01x",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_other_nonsense_is_refused_or_read_in_part(data: bytes) -> None:
    try:
        assert gojson.decode(data) == 0
    except InvalidRequest as error:
        assert error.message


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, str(2**64)])
def test_numbers_beyond_64_bits_survive(number: str) -> None:
    assert gojson.decode(number.encode()) == pytest.approx(float(number))


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'["\\ud800",'])
def test_nesting_beyond_reason_is_refused(opening: bytes) -> None:
    assert refusal(opening * 100_000) == "exceeded max depth"


@pytest.mark.usefixtures("uncollected")
def test_nesting_as_deep_as_it_can_be_read_breaks_nothing() -> None:
    for depth in range(100, 1000, 30):
        nested = b"[" * depth + b'"\\ud800"' + b"]" * depth
        try:
            gojson.decode(nested)
        except InvalidRequest as error:
            assert error.message == "exceeded max depth"
