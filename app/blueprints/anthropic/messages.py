"""`/v1/messages`."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.schemas.anthropic import CountTokensSchema, MessagesSchema
from app.services import services
from app.translate.anthropic import messages as spoken
from app.translate.anthropic import tools
from app.translate.anthropic.count import input_tokens
from app.translate.anthropic.dialect import DIALECT
from app.translate.anthropic.thinking import is_shown
from app.web import answer, replies
from app.web.body import load_body
from app.web.capabilities import require
from app.web.inference import exchange_with, inference, translated, with_preset
from app.web.relay import relay

log = logging.getLogger(__name__)

bp = Blueprint("anthropic_messages", __name__, url_prefix="/v1/messages")

count_tokens_schema = CountTokensSchema()


@bp.post("")
@inference(MessagesSchema(), model_required=True)
def create(body: dict[str, Any], target: Target) -> Response:
    """Answer a conversation."""
    request = asked(body, target)
    require({"tools": request.get("tools")}, target)
    services().loaded.use(target.own_name)
    exchange = exchange_with(target, thinking=is_shown(body))
    exchange = replace(exchange, prompt_tokens=input_tokens(body))
    if not body.get("stream"):
        completion = answer.complete(request, target)
        return replies.compatible(spoken.from_completion(completion, exchange))
    batches, close = answer.stream(request, target)
    response = relay(spoken.from_chunks(batches, exchange), DIALECT, close)
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.post("/count_tokens")
def count_tokens() -> Response:
    """Estimate how long a prompt is, whatever the model."""
    counted = input_tokens(load_body(count_tokens_schema))
    return replies.compatible({"input_tokens": counted})


def asked(body: dict[str, Any], target: Target) -> dict[str, Any]:
    """The request in the upstream form; clients ask for as much as Claude can say."""
    request = with_preset(translated(spoken, body, target), target, body)
    for name in tools.left_out(body):
        log.info("Left out the tool %s: nobody runs it here", name)
    most = min(request["max_completion_tokens"], target.model.max_output)
    return {**request, "max_completion_tokens": most}
