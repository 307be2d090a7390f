"""`/v1/audio/transcriptions`: looked at as Ollama does, and then refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.apps import MakeClient
from tests.blueprints.talking import GPT
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
    ids=["no file", "a text", "no model", "empty", "unknown model", "deaf model"],
)
def test_a_form_is_refused_in_the_dialects_shape(
    client: FlaskClient, form: dict[str, Any], status: int, text: str
) -> None:
    answer = client.post(PATH, data=form, content_type="multipart/form-data")

    kind = {400: "invalid_request_error", 404: "not_found_error"}[status]
    error = {"message": text, "type": kind, "param": None, "code": None}
    assert (answer.status_code, answer.get_json()) == (status, {"error": error})


@pytest.mark.parametrize(
    ("content_type", "reason"),
    [
        ("application/json", "request Content-Type isn't multipart/form-data"),
        ("multipart/form-data", "no multipart boundary param in Content-Type"),
    ],
)
def test_what_is_no_form_is_refused(
    client: FlaskClient, content_type: str, reason: str
) -> None:
    answer = client.post(PATH, data=b"{}", headers={"Content-Type": content_type})

    assert answer.status_code == 400
    message = answer.get_json()["error"]["message"]
    assert message == f"failed to parse multipart form: {reason}"


def test_the_passthrough_hears_for_its_own(
    make_client: MakeClient, ollama: FakeOllama
) -> None:
    client = make_client(OLLAMA_PASSTHROUGH_URL=ollama.url)

    client.post(PATH, data={"model": "llama3", "file": recording(b"heard")})

    [seen] = ollama.wait_for_requests(PATH)
    assert b"heard" in seen.body
