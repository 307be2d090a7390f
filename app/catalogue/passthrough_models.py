"""Which models the passthrough server has.

A list is fetched whenever a request shows it, and whenever a name is missing in the
last one, so that a model pulled a moment ago is found. A name that was in the last list
is believed for a few seconds: if it is gone, the passthrough server itself says so.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from app.domain.models import ModelName
from app.errors import InvalidRequest, UpstreamError
from app.wire import names

log = logging.getLogger(__name__)

BELIEVED_S = 5.0
BACKOFF = 5  # after a failure, no fetch for this many times as long as it took

Entry = dict[str, Any]
Fetch = Callable[[str], list[Entry]]  # the hops of the request -> entries


class PassthroughModels:
    """The lists of the passthrough server.

    `fetch` takes a path, the key of the list in the reply, and the hops of the request.
    """

    def __init__(
        self,
        fetch: Callable[[str, str, str], list[Entry]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        def shared_list(path: str, key: str) -> SharedList:
            return SharedList(lambda hops: fetch(path, key, hops), clock)

        self._tags = shared_list("/api/tags", "models")
        self._ps = shared_list("/api/ps", "models")
        self._models = shared_list("/v1/models", "data")
        self._clock = clock
        self._known_keys: frozenset[str] = frozenset()
        self._believed_until = float("-inf")

    def tags(self, hops: str) -> list[Entry]:
        """Return the entries of `/api/tags`."""
        return self._tags.entries(hops)

    def ps(self, hops: str) -> list[Entry]:
        """Return the entries of `/api/ps`."""
        return self._ps.entries(hops)

    def models(self, hops: str) -> list[Entry]:
        """Return the entries of `/v1/models`."""
        return self._models.entries(hops)

    def has(self, name: ModelName, hops: str) -> bool:
        """Return whether the passthrough server has the model."""
        if self._clock() < self._believed_until and name.key in self._known_keys:
            return True
        listed = map(name_of, self._tags.entries(hops))
        keys = frozenset(name.key for name in listed if name)
        if not hops:
            self._known_keys = keys
            self._believed_until = self._clock() + BELIEVED_S
        return name.key in keys


class SharedList:
    """A list that one request at a time fetches; concurrent requests share it."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._error: UpstreamError | None = None
        self._fetched_at = self._paused_until = float("-inf")

    def entries(self, hops: str) -> list[Entry]:
        """Return the list as it is now, or raise the passthrough server's failure.

        A request that came through another Cerellama (it has hops) does not wait for a
        shared fetch: that fetch may itself be waiting for this request.
        """
        if hops:
            return self._fetch(hops)
        requested_at = self._clock()
        with self._lock:
            if self._fetched_at < requested_at and self._clock() >= self._paused_until:
                self._refresh()
            if self._error:
                raise type(self._error)(self._error.message)
            return self._entries

    def _refresh(self) -> None:
        self._fetched_at = self._clock()
        try:
            self._entries = self._fetch("")
        except UpstreamError as error:
            self._pause(error)
        else:
            if self._error:
                log.info("The passthrough answers again.")
            self._error = None

    def _pause(self, error: UpstreamError) -> None:
        """Keep the error for a while, so that a timeout does not delay every list."""
        now = self._clock()
        self._paused_until = now + BACKOFF * (now - self._fetched_at)
        if self._error is None:
            log.warning("The passthrough's models are not listed: %s", error)
        self._error = error


def name_of(entry: Entry) -> ModelName | None:
    """Return the name in an entry of any of the lists, None if it is not legal."""
    text = entry.get("model") or entry.get("name") or entry.get("id")
    try:
        return names.parse(text) if isinstance(text, str) else None
    except InvalidRequest:
        return None
