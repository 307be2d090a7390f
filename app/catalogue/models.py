"""The catalogue: which models the upstream serves now, from memory.

The list is fetched in the background, one fetch at a time, when somebody asks and it is
minutes old. While fetching fails, the last good list stands; before the first one, the
models of the table count as served, so that a request meets the true error.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.catalogue import public
from app.catalogue.metadata import TABLE, describe
from app.domain.models import Model, ModelName
from app.errors import CerellamaError, InvalidRequest, UpstreamError
from app.wire import names

log = logging.getLogger(__name__)

FRESH_S = 300.0
FIRST_RETRY_S = 5.0
FIRST_LIST_S = 2.0  # how long a request may wait for the very first list


class Shelf(NamedTuple):
    """One list of models, replaced as a whole."""

    models: tuple[Model, ...]  # newest first
    by_name: Mapping[str, Model]


def fill(models: Iterable[Model]) -> Shelf:
    ordered = tuple(sorted(models, key=lambda model: (-model.created, model.id)))
    return Shelf(ordered, index(ordered))


def index(models: Sequence[Model]) -> dict[str, Model]:
    """Models by the key of each name they answer to; an id beats another's spelling."""
    spellings = [
        (spelling, model) for model in models for spelling in model.library_names
    ]
    by_name = {}
    for text, model in (*reversed(spellings), *((model.id, model) for model in models)):
        try:
            by_name[names.parse(text).key] = model
        except InvalidRequest:
            log.warning("No client can ask for the model %r: it is no name", text)
    return by_name


def start_thread(work: Callable[[], object]) -> None:
    threading.Thread(target=work, name="catalogue", daemon=True).start()


class Catalogue:
    def __init__(
        self,
        fetch_ids: Callable[[], Sequence[str]],
        fetch_public: Callable[[], Sequence[Any]],
        *,
        on_change: Callable[[tuple[Model, ...]], None] = lambda models: None,
        clock: Callable[[], float] = time.monotonic,
        spawn: Callable[[Callable[[], None]], None] = start_thread,
    ) -> None:
        self._fetch_ids = fetch_ids
        self._fetch_public = fetch_public
        self._on_change = on_change
        self._clock = clock
        self._spawn = spawn
        self._shelf = fill(TABLE.values())
        self._remembered = dict(self._shelf.by_name)
        self._public: dict[str, public.PublicModel] = {}
        self._due = clock()
        self._failures = 0
        self._error: CerellamaError | None = None
        self._flight = threading.Lock()
        self._tried = threading.Event()
        self.known = False  # whether a list has ever come

    def start(self) -> None:
        """Begin the first fetch."""
        self.refresh()

    def refresh(self) -> None:
        """Fetch the list in the background, unless that is under way already."""
        if self._flight.acquire(blocking=False):
            self._spawn(self._fetch)

    def trouble(self) -> str | None:
        """Why no list has ever come; asks for one that is due, and waits for none."""
        self._refresh_when_due()
        if self.known:
            return None
        return str(self._error or "the list of models has not come yet")

    def served(self) -> tuple[Model, ...]:
        """All models served, newest first."""
        self._refresh_when_due()
        self._tried.wait(FIRST_LIST_S)
        return self._shelf.models

    def find(self, name: ModelName) -> Model | None:
        """The served model that a name means."""
        self._refresh_when_due()
        model = self._shelf.by_name.get(name.key)
        if model is None and not self._tried.is_set():
            self._tried.wait(FIRST_LIST_S)
            model = self._shelf.by_name.get(name.key)
        return model

    def recall(self, name: ModelName) -> Model | None:
        """A model that is known, served or not."""
        return self._remembered.get(name.key)

    def _refresh_when_due(self) -> None:
        if self._clock() >= self._due:
            self.refresh()

    def _fetch(self) -> None:
        self._due = self._clock() + FRESH_S
        try:
            ids = self._fetch_ids()
            if not ids:
                raise UpstreamError("the list is empty")
            self._accept(ids)
        except CerellamaError as error:
            self._postpone(error)
        finally:
            self._tried.set()
            self._flight.release()

    def _accept(self, ids: Sequence[str]) -> None:
        if self._failures:
            log.info("The list of models can be fetched again.")
        self._failures = 0
        self._publish(ids)  # now: a slow public list holds nothing up
        self._public |= public.read(self._fetch_public())
        self._publish(ids)

    def _publish(self, ids: Sequence[str]) -> None:
        before = {model.id for model in self._shelf.models} if self.known else None
        self._shelf = fill(describe(one, self._public.get(one)) for one in set(ids))
        self._remembered.update(self._shelf.by_name)
        self.known = True
        if before != set(ids):
            self._on_change(self._shelf.models)

    def _postpone(self, error: CerellamaError) -> None:
        """Try again soon, then ever later; say so once per outage."""
        self._failures += 1
        self._error = error
        wait_s = FIRST_RETRY_S * 2 ** min(self._failures - 1, 10)
        self._due = self._clock() + min(wait_s, FRESH_S)
        if self._failures == 1:
            log.warning(
                "The list of models cannot be fetched (%s); served until it can: %s",
                error,
                ", ".join(model.id for model in self._shelf.models),
            )
