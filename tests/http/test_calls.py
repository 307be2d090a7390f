"""Request bodies, whatever they come as."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
import zstandard
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http.calls import LARGE_BODY, MAX_INFLATED, read_json
from tests.http.apps import make_app, register

MOST = 2 << 20
ZSTD = {"Content-Encoding": "zstd"}


@pytest.fixture(scope="module")
def echo() -> FlaskClient:
    """Says what it has read."""
    app, native, openai = make_app()
    app.config["MAX_CONTENT_LENGTH"] = MOST

    @native.post("/note")
    def note() -> Any:
        return read_json(missing="missing request body").document

    @openai.post("/v1/note")
    def v1_note() -> Any:
        return read_json(missing="EOF").document

    return register(app, native, openai).test_client()


def packed(value: Any, **options: Any) -> bytes:
    return zstandard.ZstdCompressor(**options).compress(json.dumps(value).encode())


def refusal(answer: TestResponse, status: int = 400) -> Any:
    assert answer.status_code == status
    return answer.get_json()["error"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
    ],
)
def test_json_is_read_whatever_it_is_called(
    echo: FlaskClient, content_type: str | None
) -> None:
    answer = echo.post("/note", data=b'{"words": "hi"}', content_type=content_type)

    assert answer.get_json() == {"words": "hi"}


@pytest.mark.parametrize("data", [b"", b" \r\n\t "], ids=["nothing", "blanks"])
def test_a_body_that_is_missing_is_told_in_each_dialect(
    echo: FlaskClient, data: bytes
) -> None:
    assert refusal(echo.post("/note", data=data)) == "missing request body"
    assert refusal(echo.post("/v1/note", data=data))["message"] == "EOF"


@pytest.mark.parametrize(
    "size", [LARGE_BODY - 100, LARGE_BODY, LARGE_BODY + 100, MOST - 100]
)
def test_a_large_body_is_read_like_a_small_one(echo: FlaskClient, size: int) -> None:
    answer = echo.post("/note", data=json.dumps({"words": "x" * size}))

    assert len(answer.get_json()["words"]) == size


def test_a_large_body_that_is_bad_is_told_like_a_small_one(echo: FlaskClient) -> None:
    assert refusal(echo.post("/note", data=b'{"words": ' + b" " * LARGE_BODY)) == (
        "unexpected EOF"
    )


def test_a_body_without_a_length_is_read_to_its_end(echo: FlaskClient) -> None:
    answer = echo.post(
        "/note",
        input_stream=io.BytesIO(b'{"words": "hi"}'),
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.get_json() == {"words": "hi"}


class Failing(io.RawIOBase):
    """What a server gives to read when its client fails."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    def readinto(self, _: Any) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (TimeoutError(), 408, "the request body did not arrive in time"),
        (ConnectionResetError(), 400, "unexpected EOF"),
    ],
    ids=["too slow", "broken off"],
)
@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_that_does_not_come_is_the_clients_fault(
    echo: FlaskClient, error: OSError, status: int, text: str, has_length: bool
) -> None:
    ends = {"CONTENT_LENGTH": "9"} if has_length else {"wsgi.input_terminated": True}

    answer = echo.post(
        "/note", environ_overrides={**ends, "wsgi.input": Failing(error)}
    )

    assert refusal(answer, status) == text


@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_that_is_too_large_is_413_in_each_dialect(
    echo: FlaskClient, has_length: bool
) -> None:
    data = json.dumps({"words": "x" * MOST}).encode()

    def send(path: str) -> TestResponse:
        if has_length:
            return echo.post(path, data=data)
        ends = {"wsgi.input_terminated": True}
        body = io.BytesIO(data)
        return echo.post(path, input_stream=body, environ_overrides=ends)

    text = "request body is larger than 2 MB"
    assert refusal(send("/note"), 413) == text
    assert refusal(send("/v1/note"), 413)["message"] == text


def test_a_zstd_body_is_unpacked(echo: FlaskClient) -> None:
    answer = echo.post("/note", data=packed({"words": "hi"}), headers=ZSTD)

    assert answer.get_json() == {"words": "hi"}


def test_a_zstd_body_may_unpack_to_more_than_was_sent(echo: FlaskClient) -> None:
    answer = echo.post("/note", data=packed({"words": "x" * 2 * MOST}), headers=ZSTD)

    assert len(answer.get_json()["words"]) == 2 * MOST


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"\x28\xb5\x2f\xfd",
        b"\x28\xb5\x2f\xfd\xff\xff\xff\xff",
        b"\x28\xb5\x2f\xfd\x20\x0f\xff\x00\x00" + b"x" * 20,
        packed({"words": "hi"})[:-4],
    ],
    ids=["not packed", "only magic", "garbage", "damaged", "cut short"],
)
def test_a_zstd_body_that_is_broken_is_refused(echo: FlaskClient, data: bytes) -> None:
    assert refusal(echo.post("/note", data=data, headers=ZSTD))


def test_a_zstd_bomb_is_413(echo: FlaskClient) -> None:
    bomb = packed({"words": "x" * MAX_INFLATED})

    text = refusal(echo.post("/note", data=bomb, headers=ZSTD), 413)

    assert len(bomb) < 10_000
    assert text == "request body inflates beyond 20 MB"


def test_a_zstd_window_beyond_8_megabytes_is_refused(echo: FlaskClient) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    frame = io.BytesIO()
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    with compressor.stream_writer(frame, closefd=False) as writer:
        writer.write(json.dumps({"words": "hi"}).encode())

    text = refusal(echo.post("/note", data=frame.getvalue(), headers=ZSTD))

    assert text == "failed to decompress request body"


def test_other_packings_are_not_known(echo: FlaskClient) -> None:
    data = gzip.compress(b'{"words": "hi"}')

    answer = echo.post("/note", data=data, headers={"Content-Encoding": "gzip"})

    assert "invalid character" in refusal(answer)


def test_two_zstd_frames_are_one_body(echo: FlaskClient) -> None:
    compress = zstandard.ZstdCompressor().compress
    data = compress(b'{"words": ') + compress(b'"hi"}')

    assert echo.post("/note", data=data, headers=ZSTD).get_json() == {"words": "hi"}


def test_a_body_shorter_than_it_says_is_refused(echo: FlaskClient) -> None:
    longer = {"CONTENT_LENGTH": "99"}

    answer = echo.post("/note", data=b'{"words": "hi"}', environ_overrides=longer)

    assert refusal(answer) == "unexpected EOF"
