"""`/api/embed` and `/api/embeddings`.

Cerebras has no embedding models, so the passthrough answers for other models. Without
input, any model is only loaded.
"""

from typing import Any

from flask import Blueprint, Response

from app.catalogue.resolve import Target
from app.http import responses
from app.http.calls import json_call, services
from app.http.responses import NATIVE
from app.inference import passthrough
from app.inference.models import find_embedder, no_embeddings
from app.inference.pipeline import validate
from app.schemas.ollama import EmbeddingSchema, EmbedSchema

bp = Blueprint("embed", __name__, url_prefix="/api")

embed_schema = EmbedSchema()
embedding_schema = EmbeddingSchema()


@bp.post("/embed")
def embed() -> Response:
    """Embed texts, or load the model if there are none."""
    call = json_call(NATIVE, embed_schema)
    if passthrough.has_model(call, listed=False):
        return responses.from_reply(passthrough.relay(call))
    body = validate(call, embed_schema)
    target = find_embedder(services(), body.get("model", ""))
    load_without_input(body, target, "input")
    return responses.json_response(NATIVE, {"model": target.name, "embeddings": []})


@bp.post("/embeddings")
def embeddings() -> Response:
    """Embed one text: the older form of `/api/embed`."""
    call = json_call(NATIVE, embedding_schema)
    if passthrough.has_model(call, listed=False):
        return responses.from_reply(passthrough.relay(call))
    body = validate(call, embedding_schema)
    target = find_embedder(services(), body.get("model", ""), model_required=True)
    load_without_input(body, target, "prompt")
    return responses.json_response(NATIVE, {"embedding": []})


def load_without_input(body: dict[str, Any], target: Target, key: str) -> None:
    """Load the model; raise InvalidRequest if there is text to embed under `key`."""
    if body.get(key):
        raise no_embeddings()
    services().loaded.mark_used(target.own_name, body.get("keep_alive"))
