"""Models, scripts and requests of fake_cerebras, and images that its model can see."""

import base64
import io
from typing import Any

from PIL import Image

from tests.cerebras import Fake

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"

RETRY_LATER = {"retry-after": "60"}  # longer than a request may wait: an error at once
HELD_STREAM = {"content": "one two three", "delta_size": 3, "after": 3, "hold": "never"}

# Format of a client's image -> format that Cerebras gets: it takes two only.
IMAGE_FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "WebP": "JPEG", "GIF": "JPEG"}
IMAGE_SIZE = (6, 4)


def fail_midway(fault: str) -> dict[str, Any]:
    """Return a script for a stream that fails after its first words."""
    return {"content": "one two three", "delta_size": 3, "after": 3, "fault": fault}


def last_request(fake: Fake) -> dict[str, Any]:
    """Return the body of the last inference request that arrived upstream."""
    body: dict[str, Any] = fake.inference_requests(at_least=1)[-1]["body"]
    return body


def make_image(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", IMAGE_SIZE, "teal").save(data, kind)
    return data.getvalue()


def encode_image(kind: str) -> str:
    """Return an image in base64."""
    return base64.b64encode(make_image(kind)).decode()


def describe_image(kind: str) -> str:
    """Return what fake_cerebras answers about such an image."""
    width, height = IMAGE_SIZE
    return f"I see a {IMAGE_FORMATS[kind]} picture of {width} × {height} pixels."
