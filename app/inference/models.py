"""Find the model that a request names, with the error text of each route."""

import json

from app.catalogue.resolve import Target, find, resolve
from app.domain.models import ModelName
from app.errors import InvalidRequest, ModelNotFound
from app.inference.services import Services
from app.wire import names


def find_by_name(
    services: Services,
    name: str,
    *,
    model_required: bool = False,
) -> Target:
    """Return the target of a name, or raise ModelNotFound.

    With `model_required`, a blank name is InvalidRequest.
    """
    if model_required and not name.strip():
        raise InvalidRequest("model is required")
    return resolve(name, services.catalogue, services.store, services.default_model)


def find_shown(services: Services, name: str) -> Target:
    """Return the target for `/api/show`, whose error names the model with its tag."""
    try:
        return find_by_name(services, name, model_required=True)
    except ModelNotFound as error:
        raise ModelNotFound(f"model '{names.parse(name).display}' not found") from error


def find_existing(services: Services, name: str) -> Target | None:
    """Return the target of a name, None if the name is illegal or unknown."""
    try:
        return find_by_name(services, name)
    except (InvalidRequest, ModelNotFound):
        return None


def find_exact(services: Services, name: str) -> Target | None:
    """Return the target of a name, None if unknown; `CAI_MODEL` does not replace it."""
    return find(name, services.catalogue, services.store)


def find_embedder(
    services: Services, name: str, *, model_required: bool = False
) -> Target:
    """Return the target for an embedding route, whose error differs from the others."""
    try:
        return find_by_name(services, name, model_required=model_required)
    except ModelNotFound as error:
        if not name.strip():
            raise
        message = f'model "{name}" not found, try pulling it first'
        raise ModelNotFound(message) from error


def no_embeddings() -> InvalidRequest:
    """Return the error for a text to embed, since Cerebras has no embedding models."""
    return InvalidRequest(
        "this model does not support embeddings: ask for a model of the Ollama server "
        "that OLLAMA_PASSTHROUGH_URL names"
    )


def parse_exact(text: str, refusal: str) -> ModelName:
    """Return the parsed name; raise InvalidRequest(refusal) if it has outer blanks."""
    try:
        name = names.parse(text)
    except InvalidRequest:
        raise InvalidRequest(refusal) from None
    if text != text.strip():
        raise InvalidRequest(refusal)
    return name


def refuse_if_served(services: Services, name: ModelName, verb: str) -> None:
    """Raise InvalidRequest if Cerebras serves a model of this name."""
    if served := services.catalogue.find(name):
        raise InvalidRequest(
            f"{quoted(served.name)} is served by Cerebras and cannot be {verb}"
        )


def refuse_if_stored(services: Services, name: ModelName) -> None:
    """Raise InvalidRequest if a derived model of this name would hide a new model."""
    if stored := services.store.find(name):
        raise InvalidRequest(
            f"{quoted(stored.name)} would be hidden by the derived model of this name: "
            "delete that first"
        )


def quoted(text: str) -> str:
    """Return the text in double quotes, escaped as JSON."""
    return json.dumps(text, ensure_ascii=False)
