"""Images: formats, limits, and their tokens."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.cerebras import Fake
from tests.fake_cerebras.client import GPT, QWEN, Response, conversation, post


def image_file(format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, format, **options)
    return file.getvalue()


def data_uri(data: bytes, type: str = "image/png") -> str:
    return f"data:{type};base64,{base64.b64encode(data).decode()}"


def post_images(fake: Fake, *urls: str, model: str = QWEN) -> Response:
    images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    content = [{"type": "text", "text": "What is this?"}, *images]
    return post(fake, conversation({"role": "user", "content": content}, model=model))


PNG, JPEG = image_file("PNG"), image_file("JPEG")
PROGRESSIVE = image_file("JPEG", progressive=True)


@pytest.mark.parametrize(
    ("data", "type", "description"),
    [
        (PNG, "image/png", "a PNG picture of 40 × 30"),
        (JPEG, "image/jpeg", "a JPEG picture of 40 × 30"),
        (JPEG, "image/jpg", "a JPEG picture of 40 × 30"),
        (PROGRESSIVE, "image/jpeg", "a JPEG picture of 40 × 30"),
    ],
    ids=["png", "jpeg", "jpg", "progressive"],
)
def test_image_is_accepted_and_described(
    fake: Fake, data: bytes, type: str, description: str
) -> None:
    part = {"type": "image", "image": data_uri(data, type)}
    body = conversation({"role": "user", "content": [part]}, model=QWEN)

    assert description in post_images(fake, data_uri(data, type)).message["content"]
    assert description in post(fake, body).message["content"]


BAD_IMAGES = {
    "http": "https://example.com/cat.png",
    "bare base64": base64.b64encode(PNG).decode(),
    "webp": data_uri(image_file("WEBP"), "image/webp"),
    "gif": data_uri(image_file("GIF"), "image/gif"),
    "webp labelled png": data_uri(image_file("WEBP")),
    "jpeg labelled png": data_uri(JPEG),
    "png labelled jpeg": data_uri(PNG, "image/jpeg"),
    "invalid base64": "data:image/png;base64,!!!",
    "without base64 label": "data:image/png,AAAA",
    "truncated jpeg": data_uri(JPEG[:20], "image/jpeg"),
    "empty": "data:image/png;base64,",
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_image_returns_400(fake: Fake, case: str) -> None:
    response = post_images(fake, BAD_IMAGES[case])

    assert (response.status, response.json["param"]) == (400, "messages")


def test_number_and_size_of_images_are_limited(fake: Fake) -> None:
    large = data_uri(PNG + bytes(6 * 1024 * 1024))

    assert post_images(fake, *[data_uri(PNG)] * 5).status == 200
    assert post_images(fake, *[data_uri(PNG)] * 6).status == 400
    assert post_images(fake, large).status == 200
    assert post_images(fake, large, large).status == 413
    assert post_images(fake, data_uri(PNG), model=GPT).status == 400


def test_images_count_in_the_usage(fake: Fake) -> None:
    response = post_images(fake, data_uri(PNG), data_uri(JPEG, "image/jpeg"))

    usage = response.json["usage"]
    assert usage["prompt_tokens_details"]["image_tokens"] == 512
    assert usage["prompt_tokens"] > 512
