"""`/v1/embeddings`: for the passthrough; Cerebras has no model for them."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Blueprint

from app.schemas.openai import EmbeddingsSchema
from app.web.passthrough import relayable
from app.web.targets import find_embedder, no_embeddings

bp = Blueprint("openai_embeddings", __name__, url_prefix="/v1")


@bp.post("/embeddings")
@relayable(EmbeddingsSchema(), keys=("model",), listed=False)
def embeddings(body: dict[str, Any]) -> NoReturn:
    """Say why a text cannot be embedded here."""
    find_embedder(body.get("model", ""))
    raise no_embeddings()
