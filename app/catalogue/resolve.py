"""What a name means: the only place that decides where a request goes.

First the models of our own: those served, by id or library spelling, from memory; those
derived, from the store, which fails when it is down. Then those of the passthrough
(`is_elsewhere`), which gets such a request as it is. Last `CAI_MODEL`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.catalogue.metadata import describe
from app.catalogue.models import Catalogue, index
from app.domain.models import Listed, Model, ModelName
from app.domain.presets import Derived, Preset, preset_of
from app.errors import InvalidRequest, ModelGone, ModelNotFound
from app.store.store import Store
from app.wire import names

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """Where a name leads; replies echo the name as it was sent."""

    name: str
    model: Model
    derived: Derived | None = None  # what stands between the two

    @property
    def full_name(self) -> str:
        """As Ollama spells it in errors about capabilities."""
        return names.parse(self.name).full

    @property
    def preset(self) -> Preset | None:
        return self.derived.preset if self.derived else None

    @property
    def definition(self) -> Preset:
        """What can be shown of it, and others inherit."""
        return self.derived.preset if self.derived else preset_of(self.model)

    @property
    def own_name(self) -> str:
        """As lists show it, however it was spelt."""
        return self.derived.name if self.derived else self.model.name

    @property
    def listed(self) -> Listed:
        return self.derived.listed(self.model) if self.derived else self.model.listed


def resolve(
    name: str,
    catalogue: Catalogue,
    store: Store,
    default_model: str | None = None,
    *,
    trusting: bool = False,
) -> Target:
    """`trusting`: a model that is gone counts, for others stand in for it."""
    name = name if name.strip() else ""  # Ollama tells a blank name as an empty one
    target = find(name, catalogue, store, trusting=trusting) if name else None
    if target is None and name:
        model = catalogue.recall(names.parse(name)) if trusting else None
        if default_model is not None:
            model = find_default(catalogue, default_model, trusting=trusting)
        target = Target(name, model) if model else None
    if target is None:
        raise ModelNotFound(f"model '{name}' not found")
    return target


def find(
    name: str, catalogue: Catalogue, store: Store, *, trusting: bool = False
) -> Target | None:
    """What bears the name itself, of our own."""
    own = find_own(names.parse(name), catalogue, store)
    if isinstance(own, Derived):
        trusting = trusting or not catalogue.known
        return Target(name, _base_of(own, name, catalogue, trusting), own)
    return Target(name, own) if own else None


def find_own(
    name: ModelName, catalogue: Catalogue, store: Store
) -> Model | Derived | None:
    """What a name means before anybody else is asked; a served model hides others."""
    return catalogue.find(name) or store.find(name)


def is_elsewhere(
    name: str, catalogue: Catalogue, store: Store, has: Callable[[ModelName], bool]
) -> bool:
    """Whether a name is not of our own, and the passthrough `has` it.

    An illegal name is nobody's.
    """
    try:
        parsed = names.parse(name)
    except InvalidRequest:
        return False
    return find_own(parsed, catalogue, store) is None and has(parsed)


def _base_of(
    derived: Derived, name: str, catalogue: Catalogue, trusting: bool
) -> Model:
    """The model it stands on, taken on trust while no list has come."""
    base = derived.preset.base
    model = catalogue.find(names.parse(base))
    if model is None and not trusting:
        raise ModelGone(
            f"model '{name}' stands on '{base}', which was not found: "
            "Cerebras does not serve it now"
        )
    return model or describe(base)


def find_default(
    catalogue: Catalogue, default_model: str, *, trusting: bool = False
) -> Model | None:
    """`CAI_MODEL`, taken on trust while no list has come."""
    model = catalogue.find(names.parse(default_model))
    trusting = trusting or not catalogue.known
    return model or (describe(default_model) if trusting else None)


def announce(
    models: Sequence[Model], default_model: str | None, fallbacks: Sequence[str] = ()
) -> None:
    """Log what is served, and what of the settings is not."""
    served = ", ".join(model.id for model in models)
    log.info("Models served: %s", served)
    if default_model and names.parse(default_model).key not in index(models):
        log.warning(
            "CAI_MODEL is %s, which is not served. Set it to one of: %s",
            default_model,
            served,
        )
    for name in fallbacks:
        if names.parse(name).key not in index(models):
            log.warning("FALLBACK_MODELS names %s, which is not served", name)
