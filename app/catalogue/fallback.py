"""The models that stand in for one that is overloaded or gone: `FALLBACK_MODELS`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.catalogue.models import Catalogue
from app.catalogue.resolve import Target
from app.domain.models import Model
from app.translate.messages import pictures_of
from app.upstream import need
from app.wire import names


def substitutes(
    request: Mapping[str, Any],
    target: Target,
    fallbacks: Sequence[str],
    catalogue: Catalogue,
) -> list[Target]:
    """Those that serve the request, in order; replies still echo the name as sent."""
    return [
        replace(target, model=model)
        for model in served(fallbacks, catalogue)
        if model.id != target.model.id and serves(model, request)
    ]


def served(fallbacks: Sequence[str], catalogue: Catalogue) -> Iterator[Model]:
    for name in fallbacks:
        model = catalogue.find(names.parse(name))
        if model:
            yield model


def serves(model: Model, request: Mapping[str, Any]) -> bool:
    """Whether the model has what the request needs: vision, tools, context."""
    pictures = len(pictures_of(request.get("messages") or ()))
    if pictures > (model.traits.max_images if model.traits.vision else 0):
        return False
    if request.get("tools") and "tools" not in model.capabilities:
        return False
    length = model.context_length
    return not length or need.prompt_tokens(request) <= length
