"""The time that quota is counted by: the real one, a faster one, or one that is set."""

from __future__ import annotations

import time


class Clock:
    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self.reset()

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self._at + (time.time() - self._since) * self._runs

    def reset(self) -> None:
        """Go on from the real time."""
        self._at = self._since = time.time()
        self._runs = self._speed

    def stop(self, at: float) -> None:
        """Stand still from now on."""
        self._at, self._runs = at, 0.0

    def advance(self, seconds: float) -> None:
        self._at += seconds
