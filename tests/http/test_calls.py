"""Reading a request body: lengths, compression and errors."""

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

MAX_BYTES = 2 << 20
ZSTD = {"Content-Encoding": "zstd"}


@pytest.fixture(scope="module")
def echo() -> FlaskClient:
    """Return the client of an app that replies with the body it read."""
    app, native, openai = make_app()
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES

    @native.post("/echo")
    def echo_body() -> Any:
        return read_json(missing="missing request body").document

    @openai.post("/v1/echo")
    def echo_v1_body() -> Any:
        return read_json(missing="EOF").document

    return register(app, native, openai).test_client()


def compress_json(value: Any, **options: Any) -> bytes:
    return zstandard.ZstdCompressor(**options).compress(json.dumps(value).encode())


def read_error(response: TestResponse, status: int = 400) -> Any:
    assert response.status_code == status
    return response.get_json()["error"]


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
def test_content_type_is_ignored(echo: FlaskClient, content_type: str | None) -> None:
    response = echo.post("/echo", data=b'{"words": "hi"}', content_type=content_type)

    assert response.get_json() == {"words": "hi"}


@pytest.mark.parametrize(
    "size", [LARGE_BODY - 100, LARGE_BODY, LARGE_BODY + 100, MAX_BYTES - 100]
)
def test_large_body_is_read(echo: FlaskClient, size: int) -> None:
    response = echo.post("/echo", data=json.dumps({"words": "x" * size}))

    assert len(response.get_json()["words"]) == size


def test_large_invalid_body_is_400(echo: FlaskClient) -> None:
    assert read_error(echo.post("/echo", data=b'{"words": ' + b" " * LARGE_BODY)) == (
        "unexpected EOF"
    )


class FailingInput(io.RawIOBase):
    """The input stream of a request whose client fails."""

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
    ids=["slow", "reset"],
)
@pytest.mark.parametrize("has_length", [True, False])
def test_body_that_does_not_arrive_is_a_client_error(
    echo: FlaskClient, error: OSError, status: int, text: str, has_length: bool
) -> None:
    framing = {"CONTENT_LENGTH": "9"} if has_length else {"wsgi.input_terminated": True}

    response = echo.post(
        "/echo", environ_overrides={**framing, "wsgi.input": FailingInput(error)}
    )

    assert read_error(response, status) == text


@pytest.mark.parametrize("has_length", [True, False])
def test_too_large_body_is_413_in_each_dialect(
    echo: FlaskClient, has_length: bool
) -> None:
    data = json.dumps({"words": "x" * MAX_BYTES}).encode()

    def post_body(path: str) -> TestResponse:
        if has_length:
            return echo.post(path, data=data)
        framing = {"wsgi.input_terminated": True}
        body = io.BytesIO(data)
        return echo.post(path, input_stream=body, environ_overrides=framing)

    text = "request body is larger than 2 MB"
    assert read_error(post_body("/echo"), 413) == text
    assert read_error(post_body("/v1/echo"), 413)["message"] == text


def test_zstd_body_may_exceed_the_limit_when_decompressed(echo: FlaskClient) -> None:
    response = echo.post(
        "/echo", data=compress_json({"words": "x" * 2 * MAX_BYTES}), headers=ZSTD
    )

    assert len(response.get_json()["words"]) == 2 * MAX_BYTES


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"\x28\xb5\x2f\xfd",
        b"\x28\xb5\x2f\xfd\xff\xff\xff\xff",
        b"\x28\xb5\x2f\xfd\x20\x0f\xff\x00\x00" + b"x" * 20,
        compress_json({"words": "hi"})[:-4],
    ],
    ids=["not compressed", "only magic", "garbage", "damaged", "cut short"],
)
def test_damaged_zstd_body_is_400(echo: FlaskClient, data: bytes) -> None:
    assert read_error(echo.post("/echo", data=data, headers=ZSTD))


def test_zstd_bomb_is_413(echo: FlaskClient) -> None:
    bomb = compress_json({"words": "x" * MAX_INFLATED})

    text = read_error(echo.post("/echo", data=bomb, headers=ZSTD), 413)

    assert len(bomb) < 10_000
    assert text == "request body inflates beyond 20 MB"


def test_zstd_window_over_8_megabytes_is_400(echo: FlaskClient) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    frame = io.BytesIO()
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    with compressor.stream_writer(frame, closefd=False) as writer:
        writer.write(json.dumps({"words": "hi"}).encode())

    text = read_error(echo.post("/echo", data=frame.getvalue(), headers=ZSTD))

    assert text == "failed to decompress request body"


def test_gzip_body_is_not_decompressed(echo: FlaskClient) -> None:
    data = gzip.compress(b'{"words": "hi"}')

    response = echo.post("/echo", data=data, headers={"Content-Encoding": "gzip"})

    assert "invalid character" in read_error(response)


def test_zstd_frames_are_joined(echo: FlaskClient) -> None:
    compress = zstandard.ZstdCompressor().compress
    data = compress(b'{"words": ') + compress(b'"hi"}')

    assert echo.post("/echo", data=data, headers=ZSTD).get_json() == {"words": "hi"}


def test_body_shorter_than_its_content_length_is_400(echo: FlaskClient) -> None:
    longer = {"CONTENT_LENGTH": "99"}

    response = echo.post("/echo", data=b'{"words": "hi"}', environ_overrides=longer)

    assert read_error(response) == "unexpected EOF"
