"""Who is next among those that wait: callers in turn, and each one's own in order."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """A caller with hundreds of waiting requests holds up another's by one each."""

    def __init__(self) -> None:
        self._callers: OrderedDict[str, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def join(self, caller: str, one: T) -> None:
        self._callers.setdefault(caller, deque()).append(one)
        self._size += 1

    def rejoin(self, caller: str, one: T) -> None:
        """Go before all others: it had its turn, and in vain."""
        self._callers.setdefault(caller, deque()).appendleft(one)
        self._callers.move_to_end(caller, last=False)
        self._size += 1

    def next(self) -> T | None:
        """Whose turn it is; it stays."""
        for waiting in self._callers.values():
            return waiting[0]
        return None

    def take(self) -> T:
        """Whose turn it is; its caller's next turn comes after all the others'."""
        caller, waiting = next(iter(self._callers.items()))
        one = waiting.popleft()
        self._callers.move_to_end(caller)
        self._forget_if_gone(caller)
        return one

    def leave(self, caller: str, one: T) -> bool:
        """Give up waiting; False when it no longer waits."""
        waiting = self._callers.get(caller)
        if waiting is None or one not in waiting:
            return False
        waiting.remove(one)
        self._forget_if_gone(caller)
        return True

    def ahead_of(self, caller: str) -> int:
        """How many have their turn before one of this caller who joins now."""
        own = len(self._callers.get(caller, ()))
        return own + sum(
            min(len(waiting), own + 1)
            for name, waiting in self._callers.items()
            if name != caller
        )

    def _forget_if_gone(self, caller: str) -> None:
        self._size -= 1
        if not self._callers[caller]:
            del self._callers[caller]
