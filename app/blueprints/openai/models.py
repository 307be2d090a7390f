"""`/v1/models`."""

from __future__ import annotations

from flask import Blueprint, Response

from app.catalogue import listing
from app.domain.models import Listed
from app.http import responses
from app.http.calls import hops, new_call, services
from app.http.responses import OPENAI
from app.inference import passthrough
from app.inference.models import find_shown
from app.translate.openai import models
from app.translate.openai.models import Entry

OWNER = "library"  # Ollama's namespace of models without one

bp = Blueprint("openai_models", __name__, url_prefix="/v1")


@bp.get("/models")
def list_models() -> Response:
    """List the models."""
    listed = listing.list_models(services().catalogue, services().store)
    extra = passthrough.extra_entries(
        services(), services().passthrough_models.models, listed, hops()
    )
    entries = [entry(model.name, model) for model in listed]
    return responses.json(OPENAI, models.listing(entries, extra))


@bp.get("/models/<model:name>")
def show_model(name: str) -> Response:
    """Return one model, by the name in the path."""
    if passthrough.has_name(services(), name, hops()):
        return responses.from_reply(passthrough.relay(new_call(OPENAI)))
    listed = find_shown(services(), name).listed
    return responses.json(OPENAI, models.single(entry(name, listed)))


def entry(name: str, model: Listed) -> Entry:
    """Return a model's entry under a name."""
    return Entry(name, model.modified_us // 1_000_000, OWNER)
