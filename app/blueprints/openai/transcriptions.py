"""`/v1/audio/transcriptions`: no model of Cerebras takes audio.

The form is checked as Ollama checks it.
"""

from typing import NoReturn

from flask import Blueprint, Response, request

from app.errors import InvalidRequest
from app.http import responses
from app.http.calls import hops, new_call, services
from app.http.responses import OPENAI
from app.inference import passthrough
from app.inference.models import find_by_name

FORM_TYPE = "multipart/form-data"
BAD_FORM = "failed to parse multipart form: "

bp = Blueprint("openai_transcriptions", __name__, url_prefix="/v1/audio")


@bp.post("/transcriptions")
def transcribe() -> Response:
    """Relay the recording to the passthrough, or refuse it."""
    data = request.get_data(cache=True, parse_form_data=False)
    name = checked_model()
    if passthrough.has_name(services(), name, hops()):
        return responses.from_reply(passthrough.relay(new_call(OPENAI, data)))
    refuse_audio(name)


def checked_model() -> str:
    """Return the model that the form names, or raise InvalidRequest for a bad form."""
    if request.mimetype != FORM_TYPE:
        raise InvalidRequest(f"{BAD_FORM}request Content-Type isn't {FORM_TYPE}")
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


def refuse_audio(name: str) -> NoReturn:
    """Raise ModelNotFound for an unknown model, InvalidRequest for any other."""
    find_by_name(services(), name, model_required=True)
    raise InvalidRequest(f'"{name}" does not support audio')
