"""What models there are, what each is, and which count as loaded."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import Blueprint, Response, request

from app.catalogue import listing
from app.domain.models import Model
from app.domain.presets import preset_of
from app.schemas.ollama import ShowSchema
from app.services import services
from app.translate.ollama import models
from app.web import passthrough, replies
from app.web.body import model_name
from app.web.passthrough import relayable
from app.web.replies import Ready
from app.web.targets import find_shown

bp = Blueprint("models", __name__, url_prefix="/api")

TAGS = Ready(models.tags)


@bp.route("/tags", methods=["GET", "HEAD"])
def tags() -> Response:
    """List the models."""
    found = services()
    listed = listing.list_models(found.catalogue, found.store)
    further = passthrough.further(found.elsewhere.tags, listed)
    return replies.ready(TAGS.data(listed, found.remote_host, further))


@bp.get("/ps")
def ps() -> Response:
    """List the models that count as loaded."""
    found = services()
    listed = listing.list_models(found.catalogue, found.store)
    further = passthrough.further(found.elsewhere.ps, listed)
    return replies.native(models.ps(found.loaded.listing(listed), further))


@bp.post("/show")
@relayable(ShowSchema())
def show(body: dict[str, Any]) -> Response:
    """Tell all about one model."""
    name = model_name(body)
    target, host = find_shown(name), services().remote_host
    agent = request.headers.get("User-Agent", "")
    is_like_all = target.derived is None and not models.is_copilot(agent)
    if is_like_all and not any(body.get(key) for key in models.OVERRIDES):
        return replies.ready(SERVED[target.model.id].data(target.model, host))
    return replies.native(
        models.show(
            target.listed, target.definition, name, host, user_agent=agent, body=body
        )
    )


def spell_served(model: Model, remote_host: str) -> dict[str, Any]:
    """All about a model as Cerebras serves it, which is the same for all who ask."""
    return models.show(model.listed, preset_of(model), model.name, remote_host)


SERVED: dict[str, Ready] = defaultdict(lambda: Ready(spell_served))  # by id
