"""Parts of items become parts of messages."""

from __future__ import annotations

from typing import Any

import pytest

from app.translate.openai.responses import parts
from tests.blueprints.talking import picture

URL = f"data:image/png;base64,{picture('PNG')}"


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ({"image_url": URL}, {"url": URL}),
        ({"image_url": {"url": URL}}, {"url": URL}),
        ({"image_url": URL, "detail": "high"}, {"url": URL, "detail": "high"}),
        ({"image_url": URL, "detail": "original"}, {"url": URL}),
    ],
    ids=["text", "object", "detail", "unknown detail"],
)
@pytest.mark.parametrize("kind", ["input_image", "computer_screenshot"])
def test_a_picture_is_shown(
    part: dict[str, Any], shown: dict[str, str], kind: str
) -> None:
    text = {"type": "input_text", "text": "Look."}

    assert parts.content_of([text, {"type": kind, **part}]) == [
        {"type": "text", "text": "Look."},
        {"type": "image_url", "image_url": shown},
    ]


def test_a_file_of_openais_is_left_out() -> None:
    assert parts.content_of([{"type": "input_image", "file_id": "file-1"}]) == ""


def test_a_screenshot_is_what_a_tool_put_out() -> None:
    screenshot = {"type": "computer_screenshot", "image_url": URL}

    [shown] = parts.result_of(screenshot)

    assert shown == {"type": "image_url", "image_url": {"url": URL}}


def test_pictures_are_found_before_they_are_checked() -> None:
    image = {"type": "input_image", "image_url": "data:image/webp;base64,UklGR"}
    odd: list[Any] = [None, "text", [1, {"type": "input_text"}], {"type": ["x"]}]

    assert list(parts.pictures([[image], *odd])) == ["UklGR"]
