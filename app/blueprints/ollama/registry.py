"""`/api/pull` and `/api/push`.

A served or derived model needs no pull and cannot be pushed. The passthrough pulls all
other models, and pushes its own.
"""

from flask import Blueprint, Response

from app.errors import InvalidRequest
from app.http import responses
from app.http.calls import json_call, model_name, services
from app.http.responses import NATIVE
from app.inference import passthrough
from app.inference.models import find_existing
from app.inference.passthrough import LONG_WORK_S
from app.inference.pipeline import validate
from app.schemas.ollama import PullSchema, PushSchema
from app.translate.ollama import progress
from app.wire import names

bp = Blueprint("registry", __name__, url_prefix="/api")

pull_schema = PullSchema()
push_schema = PushSchema()


@bp.post("/pull")
def pull() -> Response:
    """Report success for a model that is available, without a transfer."""
    call = json_call(NATIVE, pull_schema, name_keys=("model", "name"))
    if passthrough.has_model(call, listed=False):
        return responses.from_reply(passthrough.relay(call, silence_s=LONG_WORK_S))
    body = validate(call, pull_schema)
    name = model_name(body)
    names.parse(name)
    target = find_existing(services(), name)
    lines = progress.pull(target.listed if target else None)
    return responses.progress_response(NATIVE, lines, stream=body.get("stream", True))


@bp.post("/push")
def push() -> Response:
    """Refuse to publish a model."""
    call = json_call(NATIVE, push_schema, name_keys=("model", "name"))
    if passthrough.has_model(call):
        return responses.from_reply(passthrough.relay(call, silence_s=LONG_WORK_S))
    body = validate(call, push_schema)
    name = model_name(body)
    if not name.strip():
        raise InvalidRequest("model is required")
    lines = progress.push(name, is_known=find_existing(services(), name) is not None)
    return responses.progress_response(NATIVE, lines, stream=body.get("stream", True))
