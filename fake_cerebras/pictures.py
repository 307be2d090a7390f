"""Looks at pictures: which format their bytes really are, and how large."""

from __future__ import annotations

import struct
from dataclasses import dataclass

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MARKER = 0xFF
# Start-of-frame markers, which carry the size; C4, C8 and CC mean other things.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Picture:
    format: str
    width: int
    height: int


def look(data: bytes) -> Picture | None:
    """None when it is neither a PNG nor a JPEG."""
    if data.startswith(PNG) and data[12:16] == b"IHDR":
        size = data[16:24].ljust(8, b"\0")
        return Picture("png", *struct.unpack(">II", size))
    if data.startswith(JPEG):
        return _jpeg(data)
    return None


def _jpeg(data: bytes) -> Picture | None:
    place = 2
    while place + 9 <= len(data) and data[place] == MARKER:
        marker = data[place + 1]
        if marker in FRAMES:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return Picture("jpeg", width, height)
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        place += 2 + length
    return None
