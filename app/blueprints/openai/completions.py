"""`/v1/completions`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.schemas.openai import CompletionSchema
from app.services import services
from app.translate.openai import completions as spoken
from app.translate.openai.dialect import DIALECT
from app.translate.openai.text_reply import TextReply
from app.web import idle, replies
from app.web.answer import fit_to
from app.web.capabilities import require
from app.web.inference import exchange_with, inference
from app.web.relay import relay

bp = Blueprint("openai_completions", __name__, url_prefix="/v1")


@bp.post("/completions")
@inference(CompletionSchema())
def complete(body: dict[str, Any], target: Target) -> Response:
    """Answer a prompt."""
    require({"suffix": body.get("suffix")}, target)
    request = idle.with_preset(spoken.to_upstream(body), target, body)
    services().loaded.use(target.own_name)
    reply = TextReply(exchange_with(target, thinking=False), body)
    if body.get("_debug_render_only"):
        return replies.compatible(reply.debug(fit_to(target, request)))
    if not body.get("stream"):
        return replies.compatible(reply.fold([[idle.complete(request, target)]]))
    batches, close = idle.stream(request, target)
    return relay(reply.stream(batches), DIALECT, close)
