"""Pictures as the upstream takes them: PNG and JPEG; others are made into those."""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
from collections.abc import Iterable

from PIL import Image

from app.errors import InvalidRequest

MAGIC = (
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("WebP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("WAV audio", re.compile(rb"RIFF....WAVE", re.DOTALL)),
    ("MP3 audio", re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")),
)
MAGIC_CHARACTERS = 16  # of base64: the twelve bytes that tell all of them apart

TAKEN = frozenset({"PNG", "JPEG"})
CONVERTED = frozenset({"GIF", "WebP"})
MAX_PIXELS = 50_000_000
TOO_LARGE = f"an image has more than {MAX_PIXELS // 1_000_000} million pixels"
JPEG_QUALITY = 90

OPAQUE = 255

BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error)


def must_convert(pictures: Iterable[str]) -> bool:
    """Whether any of these, in base64, will cost time: told from its first bytes."""
    return any(_kind(picture) in CONVERTED for picture in pictures)


def data_uri(picture: str) -> str:
    """A picture in base64 as the upstream takes it."""
    picture = "".join(picture.split())
    kind = _kind(picture)
    if kind in CONVERTED:
        return _uri(*_convert(picture, kind))
    if kind in TAKEN:
        return _uri(kind, picture)
    raise InvalidRequest(
        f"an image is {kind or 'of an unknown type'}; PNG, JPEG, WebP and GIF are taken"
    )


def _uri(kind: str, encoded: str) -> str:
    return f"data:image/{kind.lower()};base64,{encoded}"


def _kind(picture: str) -> str | None:
    start = "".join(picture[: 2 * MAGIC_CHARACTERS].split())[:MAGIC_CHARACTERS]
    try:
        head = base64.b64decode(start[: len(start) // 4 * 4])
    except (binascii.Error, ValueError):
        return None
    return next((kind for kind, magic in MAGIC if magic.match(head)), None)


def _convert(picture: str, kind: str) -> tuple[str, str]:
    """The first frame, as PNG where something shows through it, else as JPEG."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(picture)), formats=[kind]) as image:
            _check_size(image)
            frame = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except BOMBS as error:
        raise InvalidRequest(TOO_LARGE) from error
    except BROKEN as error:
        raise InvalidRequest(f"a {kind} image is damaged or cut short") from error
    if _is_transparent(frame):
        return "PNG", _encode(frame, "PNG")
    return "JPEG", _encode(frame.convert("RGB"), "JPEG")


def _is_transparent(frame: Image.Image) -> bool:
    if frame.mode != "RGBA":
        return False
    opaque_pixels = frame.getchannel("A").histogram()[OPAQUE]
    return opaque_pixels < frame.width * frame.height


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InvalidRequest(TOO_LARGE)


def _encode(image: Image.Image, kind: str) -> str:
    encoded = io.BytesIO()
    image.save(encoded, kind, quality=JPEG_QUALITY)
    return base64.b64encode(encoded.getvalue()).decode()
