"""What the operator reads: plain lines on standard error, never a body or a key."""

from __future__ import annotations

import functools
import logging

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


def set_up(level: str) -> None:
    """Give the app's own loggers a handler, once per process."""
    ours = logging.getLogger("app")
    ours.setLevel(level.upper())
    if not ours.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(FORMAT))
        ours.addHandler(handler)
        ours.propagate = False


@functools.lru_cache(maxsize=1024)
def note_once(message: str) -> None:
    """Log something that every further request would only repeat."""
    log.info("%s", message)
