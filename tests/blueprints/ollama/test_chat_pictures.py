"""Pictures in a native conversation."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.blueprints.ollama.chatting import chat
from tests.blueprints.talking import CHAT, GPT, QWEN, picture, sent, user
from tests.cerebras import Fake


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_pictures_of_every_kind_are_seen(client: FlaskClient, kind: str) -> None:
    message = {**user("Look."), "images": [picture(kind)]}

    said = chat(client, model=QWEN, messages=[message])

    seen = "PNG" if kind == "PNG" else "JPEG"
    assert f"I see a {seen} picture of 3 × 2 pixels." in said["content"]


def test_a_transparent_picture_stays_so(client: FlaskClient, fake: Fake) -> None:
    message = {**user("Look."), "images": [picture("WEBP", "RGBA")]}

    chat(client, model=QWEN, messages=[message])

    words, shown = sent(fake)["messages"][0]["content"]
    assert words == {"type": "text", "text": "Look."}
    assert shown["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("model", "images", "text"),
    [
        (GPT, [picture("PNG")], f'"{GPT}" does not support vision'),
        (
            QWEN,
            [picture("PNG")] * 6,
            f'"{QWEN}" takes at most 5 images in one request, this one has 6',
        ),
        (
            QWEN,
            [picture("GIF")[:40]] * 6,
            f'"{QWEN}" takes at most 5 images in one request, this one has 6',
        ),
        (QWEN, ["AAAA"], "an image is of an unknown type"),
        (QWEN, [picture("GIF")[:40]], "a GIF image is damaged or cut short"),
    ],
    ids=["blind", "too many", "told before any is converted", "unknown", "damaged"],
)
@pytest.mark.parametrize("stream", [True, False])
def test_pictures_that_cannot_be_taken_are_refused(
    client: FlaskClient,
    fake: Fake,
    model: str,
    images: list[str],
    text: str,
    stream: bool,
) -> None:
    message = {**user("Look."), "images": images}
    body = {"model": model, "messages": [message], "stream": stream}

    answer = client.post(CHAT, json=body)

    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(text)
    assert fake.inference_requests() == []
