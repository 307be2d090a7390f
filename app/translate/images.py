"""Images as the upstream accepts them: PNG and JPEG. GIF and WebP are converted."""

import base64
import binascii
import io
import re
import struct
from collections.abc import Iterable

from PIL import Image

from app.errors import InvalidRequest

MAGIC_NUMBERS = (
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("WebP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("WAV audio", re.compile(rb"RIFF....WAVE", re.DOTALL)),
    ("MP3 audio", re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")),
)
MAGIC_CHARACTERS = 16  # of base64: twelve bytes, the longest magic number

ACCEPTED = frozenset({"PNG", "JPEG"})
CONVERTED = frozenset({"GIF", "WebP"})
MAX_PIXELS = 50_000_000
TOO_LARGE = f"an image has more than {MAX_PIXELS // 1_000_000} million pixels"
JPEG_QUALITY = 90

OPAQUE = 255

# Pillow raises these for too many pixels and for damaged files.
SIZE_ERRORS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error)


def must_convert(images: Iterable[str]) -> bool:
    """Return whether any of the base64 images needs conversion, which is slow."""
    return any(_format(encoded) in CONVERTED for encoded in images)


def data_uri(encoded: str) -> str:
    """Return a base64 image as a data URI that the upstream accepts."""
    encoded = "".join(encoded.split())
    name = _format(encoded)
    if name in CONVERTED:
        return _uri(*_convert(encoded, name))
    if name in ACCEPTED:
        return _uri(name, encoded)
    raise InvalidRequest(
        f"an image is {name or 'of an unknown type'}; "
        "PNG, JPEG, WebP and GIF are accepted"
    )


def _uri(name: str, encoded: str) -> str:
    return f"data:image/{name.lower()};base64,{encoded}"


def _format(encoded: str) -> str | None:
    """Return the name of the format, from the first bytes; None if unknown."""
    start = "".join(encoded[: 2 * MAGIC_CHARACTERS].split())[:MAGIC_CHARACTERS]
    try:
        head = base64.b64decode(start[: len(start) // 4 * 4])
    except (binascii.Error, ValueError):
        return None
    return next((name for name, magic in MAGIC_NUMBERS if magic.match(head)), None)


def _convert(encoded: str, name: str) -> tuple[str, str]:
    """Return format and base64 of the first frame: a PNG if transparent, else a JPEG.

    `name` is the format of the image as sent.
    """
    try:
        with Image.open(io.BytesIO(base64.b64decode(encoded)), formats=[name]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidRequest(TOO_LARGE)
            frame = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except SIZE_ERRORS as error:
        raise InvalidRequest(TOO_LARGE) from error
    except DECODE_ERRORS as error:
        raise InvalidRequest(f"a {name} image is damaged or cut short") from error
    if _is_transparent(frame):
        return "PNG", _encode(frame, "PNG")
    return "JPEG", _encode(frame.convert("RGB"), "JPEG")


def _is_transparent(frame: Image.Image) -> bool:
    if frame.mode != "RGBA":
        return False
    opaque_pixels = frame.getchannel("A").histogram()[OPAQUE]
    return opaque_pixels < frame.width * frame.height


def _encode(image: Image.Image, name: str) -> str:
    file = io.BytesIO()
    image.save(file, name, quality=JPEG_QUALITY)
    return base64.b64encode(file.getvalue()).decode()
