"""JSON as Go reads it: what the bodies of requests are decoded with.

Bytes after the first value are ignored, invalid UTF-8 becomes U+FFFD, NaN and infinite
numbers are refused. Texts follow encoding/json's as far as clients can notice.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import msgspec

from app.errors import InvalidRequest

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

# Python from 3.13 on stands at the comma, Go at what follows it.
TRAILING_COMMA = "Illegal trailing comma"

# How Go words what Python's decoder says, by the start of Python's message.
WORDING = {
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

# What Python trips over at the end of a text that more text would have put right.
UNFINISHED = re.compile(
    r"t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\.|[eE][+-]?|u[0-9A-Fa-f]{0,4}|"
)
TOO_LARGE = "json: cannot unmarshal number"
LITERALS = ("true", "false", "null")

_decode_strictly = msgspec.json.Decoder().decode


def decode(data: bytes) -> Any:
    """Decode the first JSON value of `data`; `InvalidRequest` says what is wrong."""
    try:
        return _decode_strictly(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(data)


def _decode_leniently(data: bytes) -> Any:
    text = data.decode("utf-8", "replace").lstrip(WHITESPACE)
    decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
    try:
        value, _ = decoder.raw_decode(text)
        return _without_surrogates(value)
    except json.JSONDecodeError as error:
        raise InvalidRequest(_in_go_words(error, text)) from None
    except RecursionError:
        raise InvalidRequest("exceeded max depth") from None
    except ValueError:  # an integer of thousands of digits
        raise InvalidRequest(TOO_LARGE) from None


def _refuse(constant: str) -> NoReturn:
    raise InvalidRequest(
        f"invalid character '{constant.lstrip('-')[0]}' looking for beginning of value"
    )


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise InvalidRequest(TOO_LARGE)
    return value


def _in_go_words(error: json.JSONDecodeError, text: str) -> str:
    at = error.pos + error.msg.startswith(TRAILING_COMMA)
    rest = text[at:].strip(WHITESPACE)
    if UNFINISHED.fullmatch(rest) or error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    for literal in LITERALS:
        if error.msg == "Expecting value" and rest[0] == literal[0]:
            return _misspelt(literal, rest)
    place = next(
        (go for python, go in WORDING.items() if error.msg.startswith(python)),
        "looking for beginning of value",
    )
    return f"invalid character '{_first_byte(rest)}' {place}"


def _misspelt(literal: str, text: str) -> str:
    got, wanted = next(
        pair for pair in zip(text, literal, strict=False) if pair[0] != pair[1]
    )
    found = _first_byte(got)
    return f"invalid character '{found}' in literal {literal} (expecting '{wanted}')"


def _first_byte(text: str) -> str:
    """Go tells a byte where we would tell a character."""
    return chr(text.encode(errors="replace")[0])


def _without_surrogates(value: Any) -> Any:
    """Replace lone surrogates, which Python keeps and UTF-8 cannot carry."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_surrogates(key): _without_surrogates(item)
            for key, item in value.items()
        }
    return value
