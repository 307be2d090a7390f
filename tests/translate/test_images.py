from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from app.errors import InvalidRequest
from app.translate import images

RED, CLEAR = (250, 10, 10, 255), (0, 0, 0, 0)


def picture(kind: str, colour: tuple[int, ...] = RED, **options: Any) -> str:
    """A picture of one colour, in base64."""
    mode = "RGB" if kind == "JPEG" or colour[3] == 255 else "RGBA"
    image = Image.new(mode, (6, 4), colour[: len(mode)])
    return encoded(image, kind, **options)


def encoded(image: Image.Image, kind: str, **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


def opened(uri: str) -> Image.Image:
    _, _, data = uri.partition(";base64,")
    return Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.mark.parametrize(
    ("kind", "start"),
    [("PNG", "data:image/png;base64,"), ("JPEG", "data:image/jpeg;base64,")],
    ids=["png", "jpeg"],
)
def test_what_upstream_takes_passes_unchanged(kind: str, start: str) -> None:
    data = picture(kind)

    assert images.data_uri(data) == start + data
    assert not images.must_convert([data])


def test_white_space_in_base64_is_removed() -> None:
    data = picture("PNG")
    wrapped = "\n" + "\r\n".join(data[i : i + 8] for i in range(0, len(data), 8))

    assert images.data_uri(wrapped) == f"data:image/png;base64,{data}"


@pytest.mark.parametrize(
    ("kind", "colour", "made"),
    [
        ("WEBP", RED, "JPEG"),
        ("GIF", RED, "JPEG"),
        ("WEBP", CLEAR, "PNG"),
        ("GIF", CLEAR, "PNG"),
    ],
    ids=["webp", "gif", "transparent-webp", "transparent-gif"],
)
def test_other_pictures_are_converted(
    kind: str, colour: tuple[int, ...], made: str
) -> None:
    data = picture(kind, colour)

    uri = images.data_uri(data)

    image = opened(uri)
    assert images.must_convert([data])
    assert uri.startswith(f"data:image/{made.lower()};base64,")
    assert (image.format, image.size) == (made, (6, 4))


def test_an_alpha_channel_that_hides_nothing_becomes_a_jpeg() -> None:
    opaque = Image.new("RGBA", (6, 4), RED)
    palette = opaque.convert("P")
    data = encoded(palette, "GIF", transparency=200)  # a colour that no pixel has

    assert opened(images.data_uri(data)).format == "JPEG"


def test_the_first_frame_stands_for_an_animation() -> None:
    red = Image.new("RGB", (6, 4), RED[:3])
    blue = Image.new("RGB", (6, 4), (10, 10, 250))
    data = encoded(red, "GIF", save_all=True, append_images=[blue], duration=100)

    red_level, _, blue_level = opened(images.data_uri(data)).getpixel((2, 2))  # type: ignore[misc]

    assert red_level > blue_level + 200


def test_dimensions_are_checked_before_decoding() -> None:
    header = b"GIF89a" + (60_000).to_bytes(2, "little") * 2 + b"\x00\x00\x00"

    with pytest.raises(InvalidRequest, match="more than 50 million pixels"):
        images.data_uri(base64.b64encode(header + gif_frame(1)).decode())


@pytest.mark.parametrize("side", [7_100, 10_000], ids=["over-ours", "pillow-warns"])
def test_a_picture_of_too_many_pixels_is_refused(side: int) -> None:
    size = side.to_bytes(2, "little")
    data = b"GIF89a" + size * 2 + b"\x00\x00\x00" + gif_frame(1)

    with pytest.raises(InvalidRequest, match="more than 50 million pixels"):
        images.data_uri(base64.b64encode(data).decode())


def gif_frame(side: int) -> bytes:
    """One frame, too small to matter."""
    size = side.to_bytes(2, "little")
    return b"," + bytes(4) + size * 2 + b"\x00" + b"\x02\x02\x4c\x01\x00;"


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
@pytest.mark.parametrize("kept", [16, 30, 0.6], ids=["magic", "header", "half"])
def test_a_damaged_picture_is_the_callers_fault(kind: str, kept: float) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = base64.b64decode(encoded(noise, kind))
    cut = data[: int(kept if kept > 1 else kept * len(data))]

    with pytest.raises(InvalidRequest, match="damaged or cut short"):
        images.data_uri(base64.b64encode(cut).decode())


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "WAV audio"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00", "MP3 audio"),
        (b"\xff\xfb\x90\x00" + bytes(8), "MP3 audio"),
        (b"%PDF-1.7 and so on", "of an unknown type"),
        (b"", "of an unknown type"),
    ],
    ids=["wav", "mp3-id3", "mp3-frame", "pdf", "empty"],
)
def test_another_type_is_refused_with_those_that_work(data: bytes, named: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        images.data_uri(base64.b64encode(data).decode())

    assert refusal.value.message == (
        f"an image is {named}; PNG, JPEG, WebP and GIF are taken"
    )


def test_what_is_no_base64_is_of_an_unknown_type() -> None:
    assert not images.must_convert(["é" * 20])
    with pytest.raises(InvalidRequest, match="unknown type"):
        images.data_uri("é" * 20)
