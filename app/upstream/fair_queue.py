"""A queue that is fair to callers: round robin over callers, FIFO within a caller."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items of several callers. Not thread-safe.

    A caller with hundreds of items delays each item of another caller by one of its
    own. The order of `_callers` is the order of their turns; a caller without items
    is removed.
    """

    def __init__(self) -> None:
        self._callers: OrderedDict[str, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, caller: str, item: T) -> None:
        """Add an item of a caller, who may have others."""
        self._callers.setdefault(caller, deque()).append(item)
        self._size += 1

    def prepend(self, caller: str, item: T) -> None:
        """Put an item before all others: it had its turn, without success."""
        self._callers.setdefault(caller, deque()).appendleft(item)
        self._callers.move_to_end(caller, last=False)
        self._size += 1

    def peek(self) -> T | None:
        """Return the next item, or None if the queue is empty; the item stays."""
        for items in self._callers.values():
            return items[0]
        return None

    def pop(self) -> T:
        """Remove and return the next item; its caller's next turn is the last."""
        caller, items = next(iter(self._callers.items()))
        item = items.popleft()
        self._callers.move_to_end(caller)
        self._note_removal(caller)
        return item

    def remove(self, caller: str, item: T) -> bool:
        """Remove an item; return False if it is not in the queue."""
        items = self._callers.get(caller)
        if items is None or item not in items:
            return False
        items.remove(item)
        self._note_removal(caller)
        return True

    def count_ahead(self, caller: str) -> int:
        """Return how many items would come before a new one of this caller."""
        own = len(self._callers.get(caller, ()))
        return own + sum(
            min(len(items), own + 1)
            for name, items in self._callers.items()
            if name != caller
        )

    def _note_removal(self, caller: str) -> None:
        self._size -= 1
        if not self._callers[caller]:
            del self._callers[caller]
