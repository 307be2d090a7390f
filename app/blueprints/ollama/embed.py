"""`/api/embed` and `/api/embeddings`.

Cerebras has no model for them. What asks for another's is the passthrough's to answer;
without input a model is only loaded, as any model can be.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.schemas.ollama import EmbeddingSchema, EmbedSchema
from app.services import services
from app.web import replies
from app.web.passthrough import relayable
from app.web.targets import find_embedder, no_embeddings

bp = Blueprint("embed", __name__, url_prefix="/api")


@bp.post("/embed")
@relayable(EmbedSchema(), keys=("model",), listed=False)
def embed(body: dict[str, Any]) -> Response:
    """Embed texts, or none."""
    target = find_embedder(body.get("model", ""))
    load_only(body, target, "input")
    return replies.native({"model": target.name, "embeddings": []})


@bp.post("/embeddings")
@relayable(EmbeddingSchema(), keys=("model",), listed=False)
def embeddings(body: dict[str, Any]) -> Response:
    """Embed one text, or none: the older form."""
    target = find_embedder(body.get("model", ""), model_required=True)
    load_only(body, target, "prompt")
    return replies.native({"embedding": []})


def load_only(body: dict[str, Any], target: Target, key: str) -> None:
    """Load a model that could embed nothing of what is under `key`."""
    if body.get(key):
        raise no_embeddings()
    services().loaded.use(target.own_name, body.get("keep_alive"))
