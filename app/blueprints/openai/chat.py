"""`/v1/chat/completions`, also without `/v1`: some clients leave it out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.schemas.openai import ChatCompletionSchema
from app.services import services
from app.translate.openai import chat as spoken
from app.translate.openai.dialect import DIALECT, reasoning_effort
from app.web import answer, replies
from app.web.capabilities import require
from app.web.inference import exchange_with, inference, translated, with_preset
from app.web.relay import relay

bp = Blueprint("openai_chat", __name__)


@bp.post("/v1/chat/completions")
@bp.post("/chat/completions")
@inference(ChatCompletionSchema(), model_required=True)
def completions(body: dict[str, Any], target: Target) -> Response:
    """Answer a conversation."""
    effort = reasoning_effort(body) or "none"
    require({"think": effort != "none", "tools": body.get("tools")}, target)
    request = with_preset(translated(spoken, body, target), target, body)
    services().loaded.use(target.own_name)
    exchange = exchange_with(target, thinking=request.get("reasoning_effort") != "none")
    if body.get("_debug_render_only"):
        shown = spoken.debug_reply(answer.fit_to(target, request), exchange)
        return replies.compatible(shown)
    if not body.get("stream"):
        completion = answer.complete(request, target)
        return replies.compatible(spoken.from_completion(completion, exchange))
    batches, close = answer.stream(request, target)
    chunks = spoken.from_chunks(batches, exchange, spoken.wants_usage(body))
    return relay(chunks, DIALECT, close)
