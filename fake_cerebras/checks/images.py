"""Pictures: how many, how large, and really what they claim. All texts are guesses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from fake_cerebras import conversation, pictures
from fake_cerebras.errors import Refused, invalid, named
from fake_cerebras.models import Model

MAX_IMAGES = 5
MAX_BYTES = 10 * 1024 * 1024
KINDS = {
    "data:image/png;base64": "png",
    "data:image/jpeg;base64": "jpeg",
    "data:image/jpg;base64": "jpeg",
}


def check(messages: Sequence[Mapping[str, Any]], model: Model) -> None:
    urls = [url for message in messages for url in conversation.image_urls(message)]
    if urls and not model.vision:
        raise refuse(f"Model {model.id} does not support image input.")
    if len(urls) > MAX_IMAGES:
        raise refuse(f"At most {MAX_IMAGES} images are allowed per request.")
    if sum(len(open_image(url)) for url in urls) > MAX_BYTES:
        raise named("too_large")


def open_image(url: str) -> bytes:
    """The picture's bytes, which are of the kind that the data URI says."""
    head, _, encoded = url.partition(",")
    if head not in KINDS:
        raise refuse("Images must be base64 data URIs of type image/png or image/jpeg.")
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise refuse("The image is not valid base64.") from error
    picture = pictures.look(data)
    if picture is None or picture.format != KINDS[head]:
        raise refuse("The image could not be decoded.")
    return data


def refuse(message: str) -> Refused:
    return invalid(message, "messages")
