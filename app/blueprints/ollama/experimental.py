"""What Ollama calls experimental: models worth a try, and looking into the web."""

from __future__ import annotations

from flask import Blueprint, Response

from app.errors import Unsupported
from app.schemas.ollama import WebSchema
from app.services import services
from app.translate.ollama import models
from app.web import replies
from app.web.body import load_body

bp = Blueprint("experimental", __name__, url_prefix="/api/experimental")

web_schema = WebSchema()


@bp.get("/model-recommendations")
def recommendations() -> Response:
    """Recommend every model that is served."""
    return replies.native(models.recommendations(services().catalogue.served()))


@bp.post("/web_search", defaults={"what": "web search"})
@bp.post("/web_fetch", defaults={"what": "web fetch"})
def web(what: str) -> Response:
    """Refuse what only ollama.com has."""
    load_body(web_schema)
    raise Unsupported(f"{what} is a service of ollama.com: Cerellama does not have it")
