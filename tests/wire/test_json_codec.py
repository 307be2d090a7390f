"""Decoding as Go does, and encoding for clients that split lines."""

import json
from typing import Any

import pytest

from app.errors import InvalidRequest
from app.wire import json_codec

DOCUMENT = (
    b'{"model": "\\u00e9\\"\\\\ \xc3\xa9", "n": -1.5e+10, '
    b'"flags": [true, false, null], "nested": {"empty": {}, "none": []}}'
)


def decode_error(data: bytes) -> str:
    with pytest.raises(InvalidRequest) as caught:
        json_codec.decode(data)
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
def test_valid_json_is_decoded(value: Any) -> None:
    assert json_codec.decode(json.dumps(value).encode()) == value
    assert json_codec.decode(json.dumps(value, ensure_ascii=False).encode()) == value


def test_last_of_two_equal_keys_wins() -> None:
    assert json_codec.decode(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize("junk", [b"junk", b"{", b"]", b" {}", b"\xff"])
def test_bytes_after_the_first_value_are_ignored(junk: bytes) -> None:
    assert json_codec.decode(b' \r\n\t{"model": "a"}' + junk) == {"model": "a"}


INVALID_CHARACTERS = {
    "invalid byte in a value": (b'"a\xffb"', "a\ufffdb"),
    "invalid byte in a key": (b'{"\xff": 1}', {"\ufffd": 1}),
    "high surrogate": (rb'"\ud800"', "\ufffd"),
    "high surrogate before text": (rb'"\ud800x"', "\ufffdx"),
    "low surrogate": (rb'"x\udc00y"', "x\ufffdy"),
    "nested": (rb'{"\udc00": ["\ud800", 1]}', {"\ufffd": ["\ufffd", 1]}),
    "surrogate pair": (rb'"\ud83d\ude00"', "\U0001f600"),
}


@pytest.mark.parametrize(
    ("data", "value"), INVALID_CHARACTERS.values(), ids=INVALID_CHARACTERS
)
def test_invalid_characters_become_replacement_characters(
    data: bytes, value: Any
) -> None:
    assert json_codec.decode(data) == value


@pytest.mark.parametrize("end", range(1, len(DOCUMENT)))
def test_truncated_json_is_refused(end: int) -> None:
    assert decode_error(DOCUMENT[:end]) == "unexpected EOF"


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
def test_syntax_error_has_go_text(data: bytes, text: str) -> None:
    assert decode_error(data) == f"invalid character {text}"


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
def test_other_malformed_json_is_refused_or_read_as_zero(data: bytes) -> None:
    try:
        assert json_codec.decode(data) == 0
    except InvalidRequest as error:
        assert error.message


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, str(2**64)])
def test_numbers_beyond_64_bits_are_decoded(number: str) -> None:
    assert json_codec.decode(number.encode()) == pytest.approx(float(number))


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'["\\ud800",'])
def test_excessive_nesting_is_refused(opening: bytes) -> None:
    assert decode_error(opening * 100_000) == "exceeded max depth"


@pytest.mark.usefixtures("uncollected")
def test_nesting_near_the_limit_is_decoded_or_refused() -> None:
    for depth in range(100, 1000, 30):
        nested = b"[" * depth + b'"\\ud800"' + b"]" * depth
        try:
            json_codec.decode(nested)
        except InvalidRequest as error:
            assert error.message == "exceeded max depth"


def test_encode_line_returns_one_line() -> None:
    assert json_codec.encode_line({"a": 1, "b": "x\ny"}) == b'{"a":1,"b":"x\\ny"}\n'


def test_line_breaks_of_splitlines_are_escaped() -> None:
    text = "a\u0085b\u2028c\u2029d"

    line = json_codec.encode_line({"text": text})

    assert line.isascii()
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == {"text": text}
