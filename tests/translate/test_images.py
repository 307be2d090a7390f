"""Images are checked and converted to what the upstream accepts."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from app.errors import InvalidRequest
from app.translate import images

RED, CLEAR = (250, 10, 10, 255), (0, 0, 0, 0)


def make_image(kind: str, colour: tuple[int, ...] = RED, **options: Any) -> str:
    """Return an image of one colour in base64."""
    mode = "RGB" if kind == "JPEG" or colour[3] == 255 else "RGBA"
    image = Image.new(mode, (6, 4), colour[: len(mode)])
    return encode(image, kind, **options)


def encode(image: Image.Image, kind: str, **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


def open_image(uri: str) -> Image.Image:
    _, _, data = uri.partition(";base64,")
    return Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_png_and_jpeg_are_unchanged(kind: str) -> None:
    data = make_image(kind)

    assert images.data_uri(data) == f"data:image/{kind.lower()};base64,{data}"
    assert not images.must_convert([data])


def test_whitespace_in_base64_is_removed() -> None:
    data = make_image("PNG")
    wrapped = "\n" + "\r\n".join(data[i : i + 8] for i in range(0, len(data), 8))

    assert images.data_uri(wrapped) == f"data:image/png;base64,{data}"


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
@pytest.mark.parametrize(("colour", "expected"), [(RED, "JPEG"), (CLEAR, "PNG")])
def test_gif_and_webp_are_converted(
    kind: str, colour: tuple[int, ...], expected: str
) -> None:
    data = make_image(kind, colour)

    uri = images.data_uri(data)

    image = open_image(uri)
    assert images.must_convert([data])
    assert uri.startswith(f"data:image/{expected.lower()};base64,")
    assert (image.format, image.size) == (expected, (6, 4))


def test_opaque_alpha_channel_becomes_a_jpeg() -> None:
    opaque = Image.new("RGBA", (6, 4), RED)
    palette = opaque.convert("P")
    data = encode(palette, "GIF", transparency=200)  # a colour that no pixel has

    assert open_image(images.data_uri(data)).format == "JPEG"


def test_first_frame_of_an_animation_is_used() -> None:
    red = Image.new("RGB", (6, 4), RED[:3])
    blue = Image.new("RGB", (6, 4), (10, 10, 250))
    data = encode(red, "GIF", save_all=True, append_images=[blue], duration=100)

    red_level, _, blue_level = open_image(images.data_uri(data)).getpixel((2, 2))  # type: ignore[misc]

    assert red_level > blue_level + 200


@pytest.mark.parametrize(
    "side",
    [7_100, 10_000, 60_000],
    ids=["over the limit", "over the limit of Pillow", "far over"],
)
def test_dimensions_are_checked_before_decoding(side: int) -> None:
    size = side.to_bytes(2, "little")
    frame = b"," + bytes(4) + b"\x01\x00" * 2 + b"\x00" + b"\x02\x02\x4c\x01\x00;"
    data = b"GIF89a" + size * 2 + bytes(3) + frame

    with pytest.raises(InvalidRequest, match="more than 50 million pixels"):
        images.data_uri(base64.b64encode(data).decode())


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
@pytest.mark.parametrize("kept", [16, 30, 0.6], ids=["magic", "header", "half"])
def test_damaged_image_is_refused(kind: str, kept: float) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = base64.b64decode(encode(noise, kind))
    cut = data[: int(kept if kept > 1 else kept * len(data))]

    with pytest.raises(InvalidRequest, match="damaged or cut short"):
        images.data_uri(base64.b64encode(cut).decode())


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "WAV audio"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00", "MP3 audio"),
        (b"\xff\xfb\x90\x00" + bytes(8), "MP3 audio"),
        (b"%PDF-1.7 and so on", "of an unknown type"),
        (b"", "of an unknown type"),
    ],
    ids=["wav", "mp3-id3", "mp3-frame", "pdf", "empty"],
)
def test_other_type_is_refused_with_the_supported_types(data: bytes, name: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        images.data_uri(base64.b64encode(data).decode())

    assert refusal.value.message == (
        f"an image is {name}; PNG, JPEG, WebP and GIF are accepted"
    )


def test_invalid_base64_is_of_an_unknown_type() -> None:
    assert not images.must_convert(["é" * 20])
    with pytest.raises(InvalidRequest, match="unknown type"):
        images.data_uri("é" * 20)
