"""JSON as clients and Ollama's Go server read and write it.

`decode` reads a request body as Go's encoding/json does: bytes after the first value
are ignored, invalid UTF-8 becomes U+FFFD, NaN and infinite numbers are refused. Error
texts are Go's as far as clients can notice.

`encode` writes JSON that survives clients which split lines with `str.splitlines`. The
official Python client breaks on raw U+0085, U+2028 and U+2029, so these are escaped.
Inside JSON they occur in strings only: replacing bytes is enough.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from app.errors import InvalidRequest

NDJSON_MIMETYPE = "application/x-ndjson"

# Go's names of JSON's types, by the Python type of a decoded value.
JSON_KINDS = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    type(None): "null",
}
WHITESPACE = " \t\r\n"
LITERALS = ("true", "false", "null")

# From 3.13 on, Python reports the position of the comma, Go that of the next character.
TRAILING_COMMA = "Illegal trailing comma"

# Go's text for an error, by the start of Python's text.
GO_TEXTS = {
    "Expecting property name": "looking for beginning of object key string",
    f"{TRAILING_COMMA} before end of object": (
        "looking for beginning of object key string"
    ),
    "Expecting value": "looking for beginning of value",
    f"{TRAILING_COMMA} before end of array": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Invalid control character": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
}
NUMBER_TOO_LARGE = "json: cannot unmarshal number"

# The rest of a body, from the position of the error, if more bytes could complete it.
UNFINISHED = re.compile(
    r"t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\.|[eE][+-]?|u[0-9A-Fa-f]{0,4}|"
)

# Line breaks of `str.splitlines` that JSON allows raw, and their escapes.
LINE_BREAKS = (
    (b"\xc2\x85", b"\\u0085"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)

encode_raw = msgspec.json.Encoder().encode
_decode_strictly = msgspec.json.Decoder().decode


def encode(value: object) -> bytes:
    """Return `value` as compact JSON, keys in the order of the dict."""
    return escape_line_breaks(encode_raw(value))


def encode_line(value: object) -> bytes:
    """Return `value` as one line of an NDJSON stream."""
    return encode(value) + b"\n"


def quoted(value: object) -> str:
    """Return the JSON of `value` as a JSON string, as Go prints raw JSON."""
    return encode(encode(value).decode()).decode()


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def without_empty(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {name: value for name, value in fields.items() if value}


def escape_line_breaks(data: bytes) -> bytes:
    """Return the JSON `data` with non-ASCII line breaks escaped."""
    if data.isascii():
        return data
    for raw, escaped in LINE_BREAKS:
        if raw[:1] in data:  # one byte is found ten times faster than three
            data = data.replace(raw, escaped)
    return data


def decode(data: bytes) -> Any:
    """Return the first JSON value of `data`; raise `InvalidRequest` if it has none."""
    try:
        return _decode_strictly(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(data)


def _decode_leniently(data: bytes) -> Any:
    text = data.decode("utf-8", "replace").lstrip(WHITESPACE)
    decoder = json.JSONDecoder(
        parse_constant=_refuse_constant, parse_float=_parse_float
    )
    try:
        value, _ = decoder.raw_decode(text)
        return _replace_surrogates(value)
    except json.JSONDecodeError as error:
        raise InvalidRequest(_go_text(error, text)) from None
    except RecursionError:
        raise InvalidRequest("exceeded max depth") from None
    except ValueError:  # an integer of thousands of digits
        raise InvalidRequest(NUMBER_TOO_LARGE) from None


def _refuse_constant(constant: str) -> NoReturn:
    first = constant.lstrip("-")[0]
    raise InvalidRequest(f"invalid character '{first}' looking for beginning of value")


def _parse_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidRequest(NUMBER_TOO_LARGE)
    return number


def _go_text(error: json.JSONDecodeError, text: str) -> str:
    position = error.pos + error.msg.startswith(TRAILING_COMMA)
    rest = text[position:].strip(WHITESPACE)
    if UNFINISHED.fullmatch(rest) or error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    for literal in LITERALS:
        if error.msg == "Expecting value" and rest[0] == literal[0]:
            return _misspelled_literal(literal, rest)
    place = next(
        (go for python, go in GO_TEXTS.items() if error.msg.startswith(python)),
        "looking for beginning of value",
    )
    return f"invalid character '{_first_byte(rest)}' {place}"


def _misspelled_literal(literal: str, text: str) -> str:
    actual, expected = next(
        pair for pair in zip(text, literal, strict=False) if pair[0] != pair[1]
    )
    byte = _first_byte(actual)
    return f"invalid character '{byte}' in literal {literal} (expecting '{expected}')"


def _first_byte(text: str) -> str:
    """Return the first byte of the text's UTF-8 as a character, as Go prints it."""
    return chr(text.encode(errors="replace")[0])


def _replace_surrogates(value: Any) -> Any:
    """Replace lone surrogates, which Python decodes but UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _replace_surrogates(key): _replace_surrogates(item)
            for key, item in value.items()
        }
    return value
