"""`/api/experimental`: model recommendations, and the web search of ollama.com."""

from __future__ import annotations

from flask import Blueprint, Response

from app.errors import Unsupported
from app.http import responses
from app.http.calls import json_call, services
from app.http.responses import NATIVE
from app.inference.pipeline import validate
from app.schemas.ollama import WebSchema
from app.translate.ollama import models

bp = Blueprint("experimental", __name__, url_prefix="/api/experimental")

web_schema = WebSchema()


@bp.get("/model-recommendations")
def recommendations() -> Response:
    """Recommend every served model."""
    served = services().catalogue.served()
    return responses.json(NATIVE, models.recommendations(served))


@bp.post("/web_search", defaults={"service": "web search"})
@bp.post("/web_fetch", defaults={"service": "web fetch"})
def web(service: str) -> Response:
    """Refuse: only ollama.com offers this service."""
    validate(json_call(NATIVE, web_schema), web_schema)
    raise Unsupported(
        f"{service} is a service of ollama.com: Cerellama does not have it"
    )
