"""`/v1/audio/transcriptions` is checked as by Ollama, and then refused."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.client import GPT
from tests.fake_ollama import FakeOllama

PATH = "/v1/audio/transcriptions"


def recording(data: bytes = b"RIFF....WAVE") -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), "said.wav"


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [
        ({"model": GPT}, 400, "file is required: http: no such file"),
        ({"model": GPT, "file": "text"}, 400, "file is required: http: no such file"),
        ({"file": recording()}, 400, "model is required"),
        ({"model": GPT, "file": recording(b"")}, 400, "audio file is empty"),
        (
            {"model": "whisper-1", "file": recording()},
            404,
            "model 'whisper-1' not found",
        ),
        ({"model": GPT, "file": recording()}, 400, f'"{GPT}" does not support audio'),
    ],
    ids=["no file", "a text", "no model", "empty", "unknown model", "no audio"],
)
def test_form_is_refused_in_openais_shape(
    client: FlaskClient, form: dict[str, Any], status: int, text: str
) -> None:
    response = client.post(PATH, data=form, content_type="multipart/form-data")

    kind = {400: "invalid_request_error", 404: "not_found_error"}[status]
    error = {"message": text, "type": kind, "param": None, "code": None}
    assert (response.status_code, response.get_json()) == (status, {"error": error})


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        ("application/json", "request Content-Type isn't multipart/form-data"),
        ("multipart/form-data", "no multipart boundary param in Content-Type"),
    ],
)
def test_other_content_type_returns_400(
    client: FlaskClient, content_type: str, reason: str
) -> None:
    response = client.post(PATH, data=b"{}", headers={"Content-Type": content_type})

    assert response.status_code == 400
    message = response.get_json()["error"]["message"]
    assert message == f"failed to parse multipart form: {reason}"


def test_passthrough_model_transcribes(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)

    client.post(PATH, data={"model": "llama3", "file": recording(b"heard")})

    [request] = ollama.wait_for_requests(PATH)
    assert b"heard" in request.body
