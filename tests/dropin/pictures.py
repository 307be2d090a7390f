"""Small pictures of every kind that clients send."""

from __future__ import annotations

import base64
import io

from PIL import Image

# What a client sends -> what the upstream, which takes two kinds, is shown.
SHOWN_AS = {"PNG": "PNG", "JPEG": "JPEG", "WebP": "JPEG", "GIF": "JPEG"}
SIZE = (6, 4)


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", SIZE, "teal").save(made, kind)
    return made.getvalue()


def encoded(kind: str) -> str:
    return base64.b64encode(picture(kind)).decode()


def sight(kind: str) -> str:
    """What fake_cerebras says of such a picture."""
    return f"I see a {SHOWN_AS[kind]} picture of {SIZE[0]} × {SIZE[1]} pixels."
