"""What a name means: the only place that decides where a request goes.

First the models of our own: the served ones, by id or library spelling. Then those of
the passthrough (`is_elsewhere`), which gets such a request as it is. Last `CAI_MODEL`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalogue import names
from app.catalogue.metadata import describe
from app.catalogue.models import Catalogue, index
from app.catalogue.names import ModelName
from app.errors import InvalidRequest, ModelNotFound
from app.translate.fit import fit
from app.translate.model import Model

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """Where a name leads; replies echo the name as it was sent."""

    name: str
    model: Model

    @property
    def full_name(self) -> str:
        """As Ollama spells it in errors about capabilities."""
        return names.parse(self.name).full

    def apply(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request as this model takes it."""
        return fit(request, self.model.traits, model=self.model.id, name=self.name)


def resolve(
    name: str, catalogue: Catalogue, default_model: str | None = None
) -> Target:
    name = name if name.strip() else ""  # Ollama tells a blank name as an empty one
    model = find_model(name, catalogue, default_model) if name else None
    if model is None:
        raise ModelNotFound(f"model '{name}' not found")
    return Target(name, model)


def find_model(
    name: str, catalogue: Catalogue, default_model: str | None
) -> Model | None:
    own = find_own(names.parse(name), catalogue)
    return own or find_default(catalogue, default_model)


def find_own(name: ModelName, catalogue: Catalogue) -> Model | None:
    """What a name means before anybody else is asked."""
    return catalogue.find(name)


def is_elsewhere(
    name: str, catalogue: Catalogue, has: Callable[[ModelName], bool]
) -> bool:
    """Whether a name is not of our own, and the passthrough `has` it.

    An illegal name is nobody's.
    """
    try:
        parsed = names.parse(name)
    except InvalidRequest:
        return False
    return find_own(parsed, catalogue) is None and has(parsed)


def find_default(catalogue: Catalogue, default_model: str | None) -> Model | None:
    """`CAI_MODEL`, taken on trust while no list has come."""
    if default_model is None:
        return None
    model = catalogue.find(names.parse(default_model))
    return model if model or catalogue.known else describe(default_model)


def announce(models: Sequence[Model], default_model: str | None) -> None:
    """Log what is served, and that `CAI_MODEL` is not."""
    served = ", ".join(model.id for model in models)
    log.info("Models served: %s", served)
    if default_model and names.parse(default_model).key not in index(models):
        log.warning(
            "CAI_MODEL is %s, which is not served. Set it to one of: %s",
            default_model,
            served,
        )
