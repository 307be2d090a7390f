"""`/v1/embeddings`: only the passthrough has embedding models."""

from flask import Blueprint, Response

from app.http import responses
from app.http.calls import json_call, services
from app.http.responses import OPENAI
from app.inference import passthrough
from app.inference.models import find_embedder, no_embeddings
from app.inference.pipeline import validate
from app.schemas.openai import EmbeddingsSchema

bp = Blueprint("openai_embeddings", __name__, url_prefix="/v1")

embed_schema = EmbeddingsSchema()


@bp.post("/embeddings")
def embeddings() -> Response:
    """Relay the request to the passthrough, or refuse it."""
    call = json_call(OPENAI, embed_schema)
    if passthrough.has_model(call, listed=False):
        return responses.from_reply(passthrough.relay(call))
    body = validate(call, embed_schema)
    find_embedder(services(), body.get("model", ""))
    raise no_embeddings()
