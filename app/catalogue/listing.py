"""All models there are: those served, and those derived from them."""

from __future__ import annotations

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


def listed(catalogue: Catalogue, store: Store) -> list[Listed]:
    """Newest first; while the store is down, those served."""
    models = [model.listed for model in catalogue.served()]
    try:
        derived = store.list_all()
    except StoreUnavailable:
        return models
    shown = [one for one in derived if not _is_hidden(one, catalogue)]
    models += [_listed(one, catalogue) for one in shown]
    return sorted(models, key=lambda model: -model.modified_us)


def _listed(derived: Derived, catalogue: Catalogue) -> Listed:
    base = derived.preset.base
    return derived.listed(catalogue.find(names.parse(base)) or describe(base))


def _is_hidden(derived: Derived, catalogue: Catalogue) -> bool:
    """Whether Cerebras has come to serve a model of this name."""
    served = catalogue.find(names.parse(derived.name))
    if served:
        _note_hidden(derived.name, served.id)
    return served is not None


@functools.lru_cache(maxsize=1024)
def _note_hidden(name: str, model_id: str) -> None:
    log.warning(
        "The derived model %s is hidden: Cerebras now serves %s, which has its name.",
        name,
        model_id,
    )
