"""Find the model that a name means: this decides where a request goes.

The order: served models, by id or library name, from memory; derived models, from the
store; the models of the passthrough server, which gets the request as it is; last
`CAI_MODEL`. If the store is down, a name that is not a served model fails.
"""

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
    """The model, and the derived model if any, that a requested name resolves to."""

    name: str  # as the client sent it, and as replies repeat it
    model: Model
    derived: Derived | None = None

    @property
    def full_name(self) -> str:
        """The name with all defaults, as in Ollama's errors about capabilities."""
        return names.parse(self.name).full

    @property
    def preset(self) -> Preset | None:
        """The derived model's definition, None for a served model."""
        return self.derived.preset if self.derived else None

    @property
    def definition(self) -> Preset:
        """The preset to show, and to derive other models from."""
        return self.derived.preset if self.derived else preset_of(self.model)

    @property
    def own_name(self) -> str:
        """The name as lists show it, however the client spelled it."""
        return self.derived.name if self.derived else self.model.name

    @property
    def listed(self) -> Listed:
        """The entry in lists of models."""
        return self.derived.listed(self.model) if self.derived else self.model.listed


def resolve(
    name: str,
    catalogue: Catalogue,
    store: Store,
    default_model: str | None = None,
    *,
    allow_retired: bool = False,
) -> Target:
    """Return the target of a name, or raise ModelNotFound.

    With `allow_retired`, models that the upstream no longer serves are found too: the
    caller can replace them by a fallback model.
    """
    name = name if name.strip() else ""  # Ollama's error shows a blank name as empty
    target = find(name, catalogue, store, allow_retired=allow_retired) if name else None
    if target is None and name:
        model = catalogue.find_retired(names.parse(name)) if allow_retired else None
        if default_model is not None:
            model = find_default(catalogue, default_model, allow_retired=allow_retired)
        target = Target(name, model) if model else None
    if target is None:
        raise ModelNotFound(f"model '{name}' not found")
    return target


def find(
    name: str, catalogue: Catalogue, store: Store, *, allow_retired: bool = False
) -> Target | None:
    """Return the target of a name, None if it is unknown; ignore `CAI_MODEL`."""
    model = find_served_or_derived(names.parse(name), catalogue, store)
    if isinstance(model, Derived):
        allow_retired = allow_retired or not catalogue.known
        return Target(name, _base_of(model, name, catalogue, allow_retired), model)
    return Target(name, model) if model else None


def find_served_or_derived(
    name: ModelName, catalogue: Catalogue, store: Store
) -> Model | Derived | None:
    """Return the served model, else the derived model of this name."""
    return catalogue.find(name) or store.find(name)


def is_on_passthrough(
    name: str, catalogue: Catalogue, store: Store, has: Callable[[ModelName], bool]
) -> bool:
    """Return whether `name` means a model of the passthrough, which `has` looks up.

    Served and derived models come first. An illegal name means no model.
    """
    try:
        parsed = names.parse(name)
    except InvalidRequest:
        return False
    return find_served_or_derived(parsed, catalogue, store) is None and has(parsed)


def _base_of(
    derived: Derived, name: str, catalogue: Catalogue, allow_retired: bool
) -> Model:
    """Return the model that a derived one is made from, or raise ModelGone."""
    base = derived.preset.base
    model = catalogue.find(names.parse(base))
    if model is None and not allow_retired:
        raise ModelGone(
            f"model '{name}' is derived from '{base}', which was not found: "
            "Cerebras does not serve it now"
        )
    return model or describe(base)


def find_default(
    catalogue: Catalogue, default_model: str, *, allow_retired: bool = False
) -> Model | None:
    """Return the model of `CAI_MODEL`; before the first list it counts as served."""
    model = catalogue.find(names.parse(default_model))
    allow_retired = allow_retired or not catalogue.known
    return model or (describe(default_model) if allow_retired else None)


def announce(
    models: Sequence[Model], default_model: str | None, fallbacks: Sequence[str] = ()
) -> None:
    """Log the served models, and a warning for each setting that names another."""
    served = ", ".join(model.id for model in models)
    log.info("Models served: %s", served)
    by_name = index(models) if default_model or fallbacks else {}
    if default_model and names.parse(default_model).key not in by_name:
        log.warning(
            "CAI_MODEL is %s, which is not served. Set it to one of: %s",
            default_model,
            served,
        )
    for name in fallbacks:
        if names.parse(name).key not in by_name:
            log.warning("FALLBACK_MODELS names %s, which is not served", name)
