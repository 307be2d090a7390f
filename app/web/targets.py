"""Which model a request names."""

from __future__ import annotations

import json

from app.catalogue.resolve import Target, find, resolve
from app.domain.models import ModelName
from app.errors import InvalidRequest, ModelNotFound
from app.services import services
from app.wire import names


def find_target(name: str, *, model_required: bool, to_ask: bool = False) -> Target:
    """`model_required` tells a missing name apart from an unknown one.

    `to_ask`: a model that is gone counts where others may stand in for it.
    """
    if model_required and not name.strip():
        raise InvalidRequest("model is required")
    found = services()
    allow_retired = to_ask and bool(found.fallback_models)
    return resolve(
        name,
        found.catalogue,
        found.store,
        found.default_model,
        allow_retired=allow_retired,
    )


def find_shown(name: str) -> Target:
    """As `/api/show` finds it: one that is not there is told with its tag."""
    try:
        return find_target(name, model_required=True)
    except ModelNotFound as error:
        raise ModelNotFound(f"model '{names.parse(name).display}' not found") from error


def find_pulled(name: str) -> Target | None:
    """What a name means, if it means something."""
    try:
        return find_target(name, model_required=False)
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


def find_bearer(name: str) -> Target | None:
    """What bears a name itself; no default stands in for it."""
    found = services()
    return find(name, found.catalogue, found.store)


def legal_name(text: str, refusal: str) -> ModelName:
    """A name as it is, blanks around it not left out."""
    try:
        name = names.parse(text)
    except InvalidRequest:
        raise InvalidRequest(refusal) from None
    if text != text.strip():
        raise InvalidRequest(refusal)
    return name


def leave_served(name: ModelName, verb: str) -> None:
    """Refuse to do something to a model that Cerebras serves."""
    if served := services().catalogue.find(name):
        raise InvalidRequest(
            f"{quoted(served.name)} is served by Cerebras and cannot be {verb}"
        )


def leave_kept(name: ModelName) -> None:
    """Refuse to make a model elsewhere that one of ours would hide."""
    if kept := services().store.find(name):
        raise InvalidRequest(
            f"{quoted(kept.name)} would be hidden by the model of this name that is "
            "kept here: delete that first"
        )


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
