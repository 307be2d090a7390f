"""`/v1/audio/transcriptions`: checked as Ollama does; no model of Cerebras hears."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.errors import InvalidRequest
from app.web import passthrough
from app.web.targets import find_target

FORM = "multipart/form-data"
BAD_FORM = "failed to parse multipart form: "

bp = Blueprint("openai_transcriptions", __name__, url_prefix="/v1/audio")


@bp.post("/transcriptions")
def transcribe() -> Response:
    """Say that a recording cannot be heard, unless the passthrough hears it."""
    data = request.get_data(cache=True, parse_form_data=False)
    name = checked_model()
    if passthrough.is_elsewhere(name):
        return passthrough.relay_to_passthrough(data)
    raise deaf(name)


def checked_model() -> str:
    """The model that the form names, once the form is whole."""
    if request.mimetype != FORM:
        raise InvalidRequest(f"{BAD_FORM}request Content-Type isn't {FORM}")
    if not request.mimetype_params.get("boundary"):
        raise InvalidRequest(f"{BAD_FORM}no multipart boundary param in Content-Type")
    name = request.form.get("model", "")
    if not name:
        raise InvalidRequest("model is required")
    recording = request.files.get("file")
    if recording is None:
        raise InvalidRequest("file is required: http: no such file")
    if not recording.read(1):
        raise InvalidRequest("audio file is empty")
    return name


def deaf(name: str) -> InvalidRequest:
    find_target(name, model_required=True)
    return InvalidRequest(f'"{name}" does not support audio')
