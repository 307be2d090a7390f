"""JSON as bytes, safe for clients that split lines where `str.splitlines` does.

The official Python client breaks on raw U+0085, U+2028 and U+2029, so they leave as
escapes. Inside JSON they occur in strings only: replacing bytes is enough.
"""

from __future__ import annotations

import msgspec

NDJSON_MIMETYPE = "application/x-ndjson"

encode_raw = msgspec.json.Encoder().encode

LINE_BREAKS = (
    (b"\xc2\x85", b"\\u0085"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)


def escape_line_breaks(data: bytes) -> bytes:
    """Escape the line breaks that only Unicode knows."""
    if data.isascii():
        return data
    for raw, escaped in LINE_BREAKS:
        if raw[:1] in data:  # one byte is found ten times faster than three
            data = data.replace(raw, escaped)
    return data


def encode(value: object) -> bytes:
    """Compact JSON; a dict keeps its order."""
    return escape_line_breaks(encode_raw(value))


def encode_line(value: object) -> bytes:
    """Encode `value` as one line of an NDJSON stream."""
    return encode(value) + b"\n"
