"""What a client makes of an answer, in whatever dialect it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Heard:
    """Filled in as the answer comes."""

    status: int = 0
    text: str = ""
    thinking: str = ""
    calls: list[list[Any]] = field(default_factory=list)  # name, arguments
    reason: str | None = None  # why it ended
    tokens: int = 0
    error: str | None = None
    ended: bool = False  # by the event that legally is the last
    after_end: bool = False  # something came all the same
    left: bool = False
    head_s: float = 0.0

    def end(self) -> None:
        self.ended = True

    def fail(self, error: Any) -> None:
        """An error's text must be one; it ends a stream too."""
        if not isinstance(error, str) or not error:
            raise ValueError(f"an error without a text: {error!r}")
        self.error = error
        self.ended = True
