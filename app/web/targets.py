"""Which model a request names."""

from __future__ import annotations

from app.catalogue import names
from app.catalogue.resolve import Target, resolve
from app.errors import InvalidRequest, ModelNotFound
from app.services import services
from app.translate.model import Model


def find_target(name: str, *, model_required: bool) -> Target:
    """`model_required` tells a missing name apart from an unknown one."""
    if model_required and not name.strip():
        raise InvalidRequest("model is required")
    found = services()
    return resolve(name, found.catalogue, found.default_model)


def find_shown(name: str) -> Target:
    """As `/api/show` finds it: one that is not there is told with its tag."""
    try:
        return find_target(name, model_required=True)
    except ModelNotFound as error:
        raise ModelNotFound(f"model '{names.parse(name).display}' not found") from error


def find_model(name: str) -> Model | None:
    """The model that a name means, if it means one."""
    try:
        return find_target(name, model_required=False).model
    except (InvalidRequest, ModelNotFound):
        return None


def find_embedder(name: str, *, model_required: bool = False) -> Target:
    """As the routes for embeddings find it, which word its absence in their own way."""
    try:
        return find_target(name, model_required=model_required)
    except ModelNotFound as error:
        if not name.strip():
            raise
        told = f'model "{name}" not found, try pulling it first'
        raise ModelNotFound(told) from error


def no_embeddings() -> InvalidRequest:
    return InvalidRequest(
        "this model does not support embeddings: ask for a model of the Ollama server "
        "that OLLAMA_PASSTHROUGH_URL names"
    )
