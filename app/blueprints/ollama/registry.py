"""To and from a registry: what can be served is there already, and stays."""

from __future__ import annotations

from flask import Blueprint, Response

from app.catalogue import names
from app.errors import InvalidRequest
from app.schemas.ollama import PullRequest, PushRequest
from app.translate.ollama import progress as lines
from app.web import progress
from app.web.body import load_body, model_name
from app.web.targets import find_model

bp = Blueprint("registry", __name__, url_prefix="/api")

pull_request = PullRequest()
push_request = PushRequest()


@bp.post("/pull")
def pull() -> Response:
    """Have a model at hand, as any model is that can be resolved."""
    body = load_body(pull_request)
    name = model_name(body)
    names.parse(name)
    told = lines.pull(find_model(name))
    return progress.answer(told, stream=body.get("stream", True))


@bp.post("/push")
def push() -> Response:
    """Refuse to publish a model."""
    body = load_body(push_request)
    name = model_name(body)
    if not name.strip():
        raise InvalidRequest("model is required")
    told = lines.push(name, is_known=find_model(name) is not None)
    return progress.answer(told, stream=body.get("stream", True))
