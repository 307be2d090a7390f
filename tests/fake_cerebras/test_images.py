"""Pictures: which are taken, and what is seen in them."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.cerebras import Fake
from tests.fake_cerebras.raw import Answer, post

GPT = "gpt-oss-120b"
QWEN = "qwen-3.8-27b"


def picture(format: str, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, format, **options)
    return file.getvalue()


def uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def show(fake: Fake, *urls: str, model: str = QWEN) -> Answer:
    images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    content = [{"type": "text", "text": "What is this?"}, *images]
    body = {"model": model, "messages": [{"role": "user", "content": content}]}
    return post(fake, body)


PNG = picture("PNG")
JPEG = picture("JPEG")


@pytest.mark.parametrize(
    ("data", "kind", "seen"),
    [
        (PNG, "image/png", "a PNG picture of 40 × 30"),
        (JPEG, "image/jpeg", "a JPEG picture of 40 × 30"),
        (JPEG, "image/jpg", "a JPEG picture of 40 × 30"),
        (picture("JPEG", progressive=True), "image/jpeg", "a JPEG picture of 40 × 30"),
    ],
    ids=["png", "jpeg", "jpg", "progressive"],
)
def test_picture_is_seen(fake: Fake, data: bytes, kind: str, seen: str) -> None:
    answer = show(fake, uri(data, kind))

    assert seen in answer.message["content"]


def test_image_part_is_another_spelling(fake: Fake) -> None:
    content = [{"type": "image", "image": uri(PNG)}]
    body = {"model": QWEN, "messages": [{"role": "user", "content": content}]}

    assert "a PNG picture" in post(fake, body).message["content"]


REFUSED = {
    "http": "https://example.com/cat.png",
    "bare base64": base64.b64encode(PNG).decode(),
    "webp": uri(picture("WEBP"), "image/webp"),
    "gif": uri(picture("GIF"), "image/gif"),
    "webp that says png": uri(picture("WEBP")),
    "jpeg that says png": uri(JPEG),
    "png that says jpeg": uri(PNG, "image/jpeg"),
    "no base64": "data:image/png;base64,!!!",
    "no marked base64": "data:image/png,AAAA",
    "cut jpeg": uri(JPEG[:20], "image/jpeg"),
    "empty": "data:image/png;base64,",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_picture_is_refused(fake: Fake, case: str) -> None:
    answer = show(fake, REFUSED[case])

    assert (answer.status, answer.json["param"]) == (400, "messages")


def test_text_model_takes_no_picture(fake: Fake) -> None:
    assert show(fake, uri(PNG), model=GPT).status == 400


@pytest.mark.parametrize(("count", "status"), [(5, 200), (6, 400)])
def test_five_pictures_are_enough(fake: Fake, count: int, status: int) -> None:
    assert show(fake, *[uri(PNG)] * count).status == status


def test_ten_megabytes_are_enough(fake: Fake) -> None:
    large = uri(PNG + bytes(6 * 1024 * 1024))

    assert show(fake, large).status == 200
    assert show(fake, large, large).status == 413


def test_pictures_are_counted_in_the_usage(fake: Fake) -> None:
    usage = show(fake, uri(PNG), uri(JPEG, "image/jpeg")).json["usage"]

    assert usage["prompt_tokens_details"]["image_tokens"] == 512
    assert usage["prompt_tokens"] > 512
