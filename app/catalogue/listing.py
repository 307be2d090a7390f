"""List all models: the served ones, and those derived from them."""

import functools
import logging

from app.catalogue.metadata import describe
from app.catalogue.models import Catalogue
from app.domain.models import Listed
from app.domain.presets import Derived
from app.errors import StoreUnavailable
from app.store.store import Store
from app.wire import names

log = logging.getLogger(__name__)


def list_models(catalogue: Catalogue, store: Store) -> list[Listed]:
    """Return all models, newest first; only the served ones while the store is down."""
    models = [model.listed for model in catalogue.served()]
    try:
        derived_models = store.list_all()
    except StoreUnavailable:
        return models
    for derived in derived_models:
        if not _is_hidden(derived, catalogue):
            base = derived.preset.base
            model = catalogue.find(names.parse(base)) or describe(base)
            models.append(derived.listed(model))
    return sorted(models, key=lambda model: -model.modified_us)


def _is_hidden(derived: Derived, catalogue: Catalogue) -> bool:
    """Return whether the upstream now serves a model of this name."""
    served = catalogue.find(names.parse(derived.name))
    if served:
        _warn_hidden(derived.name, served.id)
    return served is not None


@functools.lru_cache(maxsize=1024)
def _warn_hidden(name: str, model_id: str) -> None:
    """Log a hidden model the first time that it is seen."""
    log.warning(
        "The derived model %s is hidden: Cerebras now serves %s, which has its name.",
        name,
        model_id,
    )
