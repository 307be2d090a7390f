"""`/v1/responses`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.schemas.responses import ResponsesSchema
from app.services import services
from app.translate.openai import responses as spoken
from app.translate.openai.dialect import reasoning_effort
from app.web import idle, replies
from app.web.capabilities import require
from app.web.inference import exchange_with, inference, translated
from app.web.logs import note_once
from app.web.relay import relay

LONGEST_KIND = 50  # of a type in the log; clients name them as they like

bp = Blueprint("openai_responses", __name__, url_prefix="/v1")


@bp.post("/responses")
@inference(ResponsesSchema(), model_required=True)
def create(body: dict[str, Any], target: Target) -> Response:
    """Answer items with items."""
    request = prepare(body, target)
    thinking = request.get("reasoning_effort") != "none"
    reply = spoken.Reply(exchange_with(target, thinking=thinking), body)
    if not body.get("stream"):
        completion = idle.complete(request, target)
        return replies.compatible(reply.fold([[completion]]))
    batches, close = idle.stream(request, target)
    response = relay(reply.stream(batches), reply.dialect, close)
    response.headers["Cache-Control"] = "no-cache"
    return response


def prepare(body: dict[str, Any], target: Target) -> dict[str, Any]:
    """The request in the upstream form, after all that could refuse it."""
    spoken.check(body)
    effort = reasoning_effort(body) or "none"
    request = translated(spoken, body, target)
    require({"think": effort != "none", "tools": request.get("tools")}, target)
    for kind in spoken.ignored(body):
        note_once(
            f"left out, for nobody here can run or read it: {kind[:LONGEST_KIND]!r}"
        )
    services().loaded.use(target.own_name)
    return idle.with_preset(request, target, body)
