"""To and from a registry: what can be served is there already, and stays.

A real Ollama behind us pulls all else, and pushes what it has.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.errors import InvalidRequest
from app.schemas.ollama import PullSchema, PushSchema
from app.translate.ollama import progress as lines
from app.web import progress
from app.web.body import model_name
from app.web.passthrough import LONG_WORK_S, relayable
from app.web.targets import find_pulled
from app.wire import names

bp = Blueprint("registry", __name__, url_prefix="/api")


@bp.post("/pull")
@relayable(PullSchema(), listed=False, silence_s=LONG_WORK_S)
def pull(body: dict[str, Any]) -> Response:
    """Have a model at hand, as any model is that can be resolved."""
    name = model_name(body)
    names.parse(name)
    target = find_pulled(name)
    told = lines.pull(target.listed if target else None)
    return progress.answer(told, stream=body.get("stream", True))


@bp.post("/push")
@relayable(PushSchema(), silence_s=LONG_WORK_S)
def push(body: dict[str, Any]) -> Response:
    """Refuse to publish a model."""
    name = model_name(body)
    if not name.strip():
        raise InvalidRequest("model is required")
    told = lines.push(name, is_known=find_pulled(name) is not None)
    return progress.answer(told, stream=body.get("stream", True))
