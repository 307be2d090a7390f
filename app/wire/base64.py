"""Base64 as Go's `encoding/base64` reads it: standard alphabet, padding required."""

import binascii
import re

ALPHABET = re.compile(r"[A-Za-z0-9+/]*")


def check_base64(encoded: str) -> str:
    """Return `encoded` without its line breaks, which Go ignores.

    Raise `ValueError` with the text of Go's `CorruptInputError` if it is not base64.
    """
    encoded = encoded.replace("\r", "").replace("\n", "")
    try:
        binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        position = _first_bad_byte(encoded)
        raise ValueError(f"illegal base64 data at input byte {position}") from None
    return encoded


def _first_bad_byte(encoded: str) -> int:
    prefix = ALPHABET.match(encoded)
    end = prefix.end() if prefix else 0
    if end == len(encoded) or encoded[end] == "=":
        return max(0, (len(encoded) - 1) // 4 * 4)
    return end
