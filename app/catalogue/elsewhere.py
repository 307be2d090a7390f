"""The models of the passthrough, as its own lists tell them now.

A list is asked for anew whenever it is shown, and whenever a name is not in the last
one: what was pulled a moment ago, through any worker or past us, is there. A name that
was in it a moment ago is believed; should it be gone, the passthrough itself says so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from app.domain.models import ModelName
from app.errors import InvalidRequest, UpstreamError
from app.wire import names

log = logging.getLogger(__name__)

BELIEVED_S = 5.0
REST = 5  # a failure stands for so many times as long as it took

Entry = dict[str, Any]
Fetch = Callable[[str], list[Entry]]  # the hops of the request -> entries


class Listing:
    """One of its lists, asked for by one request at a time; the others share it."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._error: UpstreamError | None = None
        self._asked = self._rests_until = float("-inf")

    def entries(self, hops: str) -> list[Entry]:
        """The list as it is now.

        Who comes from another Cerellama asks alone: it may be the one we wait for.
        """
        if hops:
            return self._fetch(hops)
        since = self._clock()
        with self._lock:
            if self._asked < since and self._clock() >= self._rests_until:
                self._ask()
            if self._error:
                raise type(self._error)(self._error.message)
            return self._entries

    def _ask(self) -> None:
        self._asked = self._clock()
        try:
            self._entries = self._fetch("")
        except UpstreamError as error:
            self._fail(error)
        else:
            if self._error:
                log.info("The passthrough answers again.")
            self._error = None

    def _fail(self, error: UpstreamError) -> None:
        """An address that swallows everything must not hold up every list."""
        now = self._clock()
        self._rests_until = now + REST * (now - self._asked)
        if self._error is None:
            log.warning("The passthrough's models are not listed: %s", error)
        self._error = error


class Elsewhere:
    """What the passthrough has; `fetch` takes a path and the hops of the request."""

    def __init__(
        self,
        fetch: Callable[[str, str, str], list[Entry]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        def listing(path: str, key: str) -> Listing:
            return Listing(lambda hops: fetch(path, key, hops), clock)

        self._tags = listing("/api/tags", "models")
        self._ps = listing("/api/ps", "models")
        self._models = listing("/v1/models", "data")
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._believed_until = float("-inf")

    def tags(self, hops: str) -> list[Entry]:
        return self._tags.entries(hops)

    def ps(self, hops: str) -> list[Entry]:
        return self._ps.entries(hops)

    def models(self, hops: str) -> list[Entry]:
        """In OpenAI's form."""
        return self._models.entries(hops)

    def has(self, name: ModelName, hops: str) -> bool:
        if self._clock() < self._believed_until and name.key in self._known:
            return True
        known = frozenset(_keys(self._tags.entries(hops)))
        if not hops:
            self._known = known
            self._believed_until = self._clock() + BELIEVED_S
        return name.key in known


def name_of(entry: Entry) -> ModelName | None:
    """The name that an entry of any of the lists goes by, if it is one."""
    text = entry.get("model") or entry.get("name") or entry.get("id")
    try:
        return names.parse(text) if isinstance(text, str) else None
    except InvalidRequest:
        return None


def _keys(entries: Iterable[Entry]) -> list[str]:
    return [name.key for name in map(name_of, entries) if name]
