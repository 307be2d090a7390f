"""`/api/generate`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.schemas.ollama import GenerateSchema
from app.translate import derived
from app.translate.ollama import generate as spoken
from app.web import native
from app.web.inference import inference

bp = Blueprint("generate", __name__, url_prefix="/api")


@bp.post("/generate")
@inference(GenerateSchema())
def generate(body: dict[str, Any], target: Target) -> Response:
    """Continue a prompt; without one, load or unload the model."""
    if not body.get("prompt"):
        return native.idle(body, target, spoken)
    if target.preset:
        body = derived.complete(target.preset, body)
    request = native.prepare(body, target, spoken, derived.apply_to_prompt)
    return native.reply(body, target, request, spoken, history=spoken.history(request))
