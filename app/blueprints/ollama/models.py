"""What models there are, what each is, and which count as loaded."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.schemas.ollama import ShowRequest
from app.services import services
from app.translate.ollama import models
from app.web import replies
from app.web.body import load_body, model_name
from app.web.targets import find_shown

bp = Blueprint("models", __name__, url_prefix="/api")

show_request = ShowRequest()


@bp.route("/tags", methods=["GET", "HEAD"])
def tags() -> Response:
    """List the models."""
    found = services()
    return replies.native(models.tags(found.catalogue.served(), found.remote_host))


@bp.get("/ps")
def ps() -> Response:
    """List the models that count as loaded."""
    found = services()
    return replies.native(models.ps(found.loaded.listing(found.catalogue.served())))


@bp.post("/show")
def show() -> Response:
    """Tell all about one model."""
    body = load_body(show_request)
    name = model_name(body)
    shown = models.show(
        find_shown(name).model,
        {**body, "model": name},
        services().remote_host,
        request.headers.get("User-Agent", ""),
    )
    return replies.native(shown)
