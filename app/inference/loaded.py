"""Which models count as loaded, for all workers of this machine.

The state is one empty file per model: its mtime is when the model expires, its atime
when it was last used. The difference is the keep_alive that later requests continue.
An error of the folder is logged once and never fails a request.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from app.domain.models import Listed

log = logging.getLogger(__name__)

FOREVER_NS = 2**63 - 1  # as in Ollama, about 292 years


class Loaded:
    """The loaded models, with the time at which each expires."""

    def __init__(
        self,
        folder: Path,
        default_keep_alive_ns: int,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = str(folder)  # hashing a Path for each request would be slow
        self._default_ns = default_keep_alive_ns
        self._clock = clock
        self._warned = False

    def mark_used(self, name: str, keep_alive_ns: int | None = None) -> None:
        """Count a model, by its name in lists, as loaded for `keep_alive_ns`.

        None repeats the previous keep_alive, 0 unloads, a negative one lasts forever.
        """
        now, path = self._clock(), _path_of(self._folder, name)
        try:
            if keep_alive_ns is None:
                keep_alive_ns = self._previous_keep_alive_ns(path, now)
            if keep_alive_ns == 0:
                Path(path).unlink(missing_ok=True)
            else:
                self._stamp(path, now, now + _bounded(keep_alive_ns))
        except OSError as error:
            self._warn(error)

    def unload(self, name: str) -> None:
        """Stop counting a model as loaded."""
        self.mark_used(name, 0)

    def listing(self, models: Iterable[Listed]) -> list[tuple[Listed, int]]:
        """Return the loaded ones of `models` with their expiry, latest first."""
        now = self._clock()
        loaded = [(model, self._expiry(model.name)) for model in models]
        current = [(model, expiry) for model, expiry in loaded if expiry > now]
        return sorted(current, key=lambda pair: pair[1], reverse=True)

    def _previous_keep_alive_ns(self, path: str, now: int) -> int:
        try:
            status = os.stat(path)
        except FileNotFoundError:
            return self._default_ns
        if status.st_mtime_ns <= now:
            return self._default_ns
        return status.st_mtime_ns - status.st_atime_ns

    def _stamp(self, path: str, now: int, expiry: int) -> None:
        try:
            os.utime(path, ns=(now, expiry))
        except FileNotFoundError:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            Path(path).touch()
            os.utime(path, ns=(now, expiry))

    def _expiry(self, name: str) -> int:
        try:
            return os.stat(_path_of(self._folder, name)).st_mtime_ns
        except OSError:
            return 0

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            log.warning("Loaded models cannot be stored: %s", error.strerror)


@lru_cache
def _path_of(folder: str, name: str) -> str:
    return os.path.join(folder, quote(name, safe=""))


def _bounded(keep_alive_ns: int) -> int:
    return min(keep_alive_ns, FOREVER_NS) if keep_alive_ns > 0 else FOREVER_NS
