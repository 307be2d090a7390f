"""`/v1/models`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response

from app.catalogue import listing as catalogue
from app.domain.models import Listed
from app.services import services
from app.translate.openai import models
from app.translate.openai.models import Entry
from app.web import passthrough, replies
from app.web.replies import Ready
from app.web.targets import find_shown

OWNER = "library"  # Ollama's namespace of models without one

bp = Blueprint("openai_models", __name__, url_prefix="/v1")


@bp.get("/models")
def listing() -> Response:
    """List the models."""
    found = services()
    listed = catalogue.list_models(found.catalogue, found.store)
    further = passthrough.further(found.elsewhere.models, listed)
    return replies.ready_compatible(LISTING.data(listed, further))


@bp.get("/models/<model:name>")
def single(name: str) -> Response:
    """Tell of one model, by the name it was asked for."""
    if passthrough.is_elsewhere(name):
        return passthrough.relay_to_passthrough()
    return replies.compatible(models.single(entry(name, find_shown(name).listed)))


def spell(
    listed: Iterable[Listed], further: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    return models.listing([entry(model.name, model) for model in listed], further)


LISTING = Ready(spell)


def entry(name: str, model: Listed) -> Entry:
    return Entry(name, model.modified_us // 1_000_000, OWNER)
