"""The models that the upstream serves now, kept in memory.

The list is fetched in the background, one fetch at a time, when a request needs it and
it is minutes old. While fetching fails, the last good list is used; before the first
list, the models of the table count as served, so that a request is sent and its client
learns the upstream's error.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.catalogue.metadata import TABLE, PublicModel, describe, read_public_list
from app.domain.models import Model, ModelName
from app.errors import CerellamaError, InvalidRequest, UpstreamError
from app.wire import names

log = logging.getLogger(__name__)

FRESH_S = 300.0
FIRST_RETRY_S = 5.0
FIRST_LIST_S = 2.0  # how long a request waits for the first list


class ModelList(NamedTuple):
    """One list of models, replaced as a whole."""

    models: tuple[Model, ...]  # newest first
    by_name: Mapping[str, Model]  # see index


def build_list(models: Iterable[Model]) -> ModelList:
    """Return the models as a list."""
    ordered = tuple(sorted(models, key=lambda model: (-model.created, model.id)))
    return ModelList(ordered, index(ordered))


def index(models: Sequence[Model]) -> dict[str, Model]:
    """Return the models by the key of each of their names.

    The id of one model wins over the library name of another.
    """
    library_names = [(name, model) for model in models for name in model.library_names]
    ids = [(model.id, model) for model in models]
    by_name = {}
    for text, model in (*reversed(library_names), *ids):
        try:
            by_name[names.parse(text).key] = model
        except InvalidRequest:
            log.warning("The model %r cannot be used: its id is not a legal name", text)
    return by_name


def start_thread(work: Callable[[], object]) -> None:
    """Call `work` in a background thread."""
    threading.Thread(target=work, name="catalogue", daemon=True).start()


class Catalogue:
    """The served models, refreshed in the background.

    Attributes:
        known: Whether a list was ever fetched.
    """

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
        self._list = build_list(TABLE.values())
        self._ever_served = dict(self._list.by_name)
        self._public: dict[str, PublicModel] = {}
        self._due = clock()
        self._failures = 0  # since the last success
        self._error: CerellamaError | None = None
        self._fetching = threading.Lock()
        self._tried = threading.Event()  # set once the first fetch has ended
        self.known = False

    def start(self) -> None:
        """Begin the first fetch."""
        self.refresh()

    def refresh(self) -> None:
        """Fetch the list in the background, unless a fetch is running."""
        if self._fetching.acquire(blocking=False):
            self._spawn(self._fetch)

    def unavailable_reason(self) -> str | None:
        """Return why no list was ever fetched, or None; starts a fetch that is due."""
        self._refresh_when_due()
        if self.known:
            return None
        return str(self._error or "the list of models has not come yet")

    def served(self) -> tuple[Model, ...]:
        """Return all served models, newest first."""
        self._refresh_when_due()
        self._tried.wait(FIRST_LIST_S)
        return self._list.models

    def find(self, name: ModelName) -> Model | None:
        """Return the served model of this name."""
        self._refresh_when_due()
        model = self._list.by_name.get(name.key)
        if model is None and not self._tried.is_set():
            self._tried.wait(FIRST_LIST_S)
            model = self._list.by_name.get(name.key)
        return model

    def find_retired(self, name: ModelName) -> Model | None:
        """Return the model of this name even if it is not served any more."""
        return self._ever_served.get(name.key)

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
            self._fetching.release()

    def _accept(self, ids: Sequence[str]) -> None:
        if self._failures:
            log.info("The list of models was fetched again.")
        self._failures = 0
        self._publish(ids)  # before the public list, which may be slow
        self._public |= read_public_list(self._fetch_public())
        self._publish(ids)

    def _publish(self, ids: Sequence[str]) -> None:
        before = {model.id for model in self._list.models} if self.known else None
        self._list = build_list(
            describe(model_id, self._public.get(model_id)) for model_id in set(ids)
        )
        self._ever_served.update(self._list.by_name)
        self.known = True
        if before != set(ids):
            self._on_change(self._list.models)

    def _postpone(self, error: CerellamaError) -> None:
        """Retry with growing delays; log the error once per outage."""
        self._failures += 1
        self._error = error
        wait_s = FIRST_RETRY_S * 2 ** min(self._failures - 1, 10)
        self._due = self._clock() + min(wait_s, FRESH_S)
        if self._failures == 1:
            log.warning(
                "The list of models cannot be fetched (%s); served until it can: %s",
                error,
                ", ".join(model.id for model in self._list.models),
            )
