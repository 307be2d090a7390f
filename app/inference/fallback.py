"""The fallback models of a request: those of `FALLBACK_MODELS` that can serve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.catalogue.models import Catalogue
from app.catalogue.resolve import Target
from app.domain.models import Model
from app.translate.messages import images_of
from app.wire import names, token_estimate


def fallback_targets(
    request: Mapping[str, Any],
    target: Target,
    fallback_names: Sequence[str],
    catalogue: Catalogue,
) -> list[Target]:
    """Return the target on each served fallback model that fits, in their order."""
    models = [catalogue.find(names.parse(name)) for name in fallback_names]
    return [
        replace(target, model=model)
        for model in models
        if model and model.id != target.model.id and can_serve(model, request)
    ]


def can_serve(model: Model, request: Mapping[str, Any]) -> bool:
    """Return whether the model has the vision, tools and context that are needed."""
    images = len(images_of(request.get("messages") or ()))
    if images > (model.traits.max_images if model.traits.vision else 0):
        return False
    if request.get("tools") and "tools" not in model.capabilities:
        return False
    length = model.context_length
    return not length or token_estimate.prompt_tokens(request) <= length
