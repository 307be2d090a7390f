"""The requests at work in this process, so that its end can be told to each of them.

Only gunicorn's workers stop in stages; whoever serves otherwise ends at once.
"""

from __future__ import annotations

from app.errors import ServerStopping
from app.http1.cancel import CancelToken

RETRY_AFTER_S = 5.0  # by then another process has taken over, or this one is back


class Running:
    """Whoever asks something of an upstream joins, and leaves when it is over."""

    def __init__(self) -> None:
        self.stopping = False  # no requests should be sent here any more
        self._over = False
        self._cancels: set[CancelToken] = set()

    def join(self, cancel: CancelToken) -> None:
        self._cancels.add(cancel)
        if self._over:
            cancel.cancel(stopping)

    def __len__(self) -> int:
        return len(self._cancels)

    def leave(self, cancel: CancelToken) -> None:
        self._cancels.discard(cancel)

    def end(self) -> None:
        """Trip them all, and every one that comes later."""
        self._over = True
        for cancel in tuple(self._cancels):
            cancel.cancel(stopping)


def stopping() -> ServerStopping:
    return ServerStopping(
        "the server is stopping, please try again", retry_after=RETRY_AFTER_S
    )
