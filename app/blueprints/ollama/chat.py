"""`/api/chat`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.schemas.ollama import ChatSchema
from app.translate.ollama import chat as spoken
from app.web import native
from app.web.inference import inference

bp = Blueprint("chat", __name__, url_prefix="/api")


@bp.post("/chat")
@inference(ChatSchema(), model_required=True)
def chat(body: dict[str, Any], target: Target) -> Response:
    """Answer a conversation; without messages, load or unload the model."""
    if not body.get("messages"):
        return native.idle(body, target, spoken)
    request = native.prepare(body, target, spoken)
    return native.reply(body, target, request, spoken)
