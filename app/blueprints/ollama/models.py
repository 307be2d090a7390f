"""What models there are, what each is, and which count as loaded."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.catalogue import listing, modelfile
from app.schemas.ollama import ShowRequest
from app.services import services
from app.translate.ollama import models
from app.web import passthrough, replies
from app.web.body import model_name
from app.web.passthrough import relayable
from app.web.targets import find_shown

bp = Blueprint("models", __name__, url_prefix="/api")


@bp.route("/tags", methods=["GET", "HEAD"])
def tags() -> Response:
    """List the models."""
    found = services()
    listed = listing.listed(found.catalogue, found.store)
    further = passthrough.further(found.elsewhere.tags, listed)
    return replies.native(models.tags(listed, found.remote_host, further))


@bp.get("/ps")
def ps() -> Response:
    """List the models that count as loaded."""
    found = services()
    listed = listing.listed(found.catalogue, found.store)
    further = passthrough.further(found.elsewhere.ps, listed)
    return replies.native(models.ps(found.loaded.listing(listed), further))


@bp.post("/show")
@relayable(ShowRequest())
def show(body: dict[str, Any]) -> Response:
    """Tell all about one model."""
    name = model_name(body)
    target = find_shown(name)
    shown = models.show(
        target.listed,
        modelfile.sheet(target.own_name, target.definition, body),
        name,
        services().remote_host,
        request.headers.get("User-Agent", ""),
    )
    return replies.native(shown)
