"""What was received, on which connection, and how each request ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Record:
    """One request and how it ended; `disconnected_at` is a `time.time()`."""

    id: int
    connection: int
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    received_at: float
    status: int | None = None
    finished: bool = False
    disconnected_after_s: float | None = None
    disconnected_at: float | None = None


class Records:
    """Every request since the last `clear`; waits are answered the moment they can."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._records: list[Record] = []
        self._next_id = 1

    def receive(self, connection: int, method: str, path: str, **rest: Any) -> Record:
        with self._changed:
            record = Record(
                id=self._next_id,
                connection=connection,
                method=method,
                path=path,
                received_at=time.time(),
                **rest,
            )
            self._next_id += 1
            self._records.append(record)
            self._changed.notify_all()
            return record

    def finish(self, record: Record, status: int | None) -> None:
        with self._changed:
            record.status = status
            record.finished = True
            self._changed.notify_all()

    def leave(self, record: Record) -> None:
        """Only the first time counts."""
        if record.disconnected_at is not None:
            return
        with self._changed:
            record.disconnected_at = time.time()
            record.disconnected_after_s = record.disconnected_at - record.received_at
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._records = []
            self._changed.notify_all()

    def find(self, record_id: int) -> Record | None:
        return next((each for each in self._records if each.id == record_id), None)

    def listing(self, path: str | None = None) -> list[dict[str, Any]]:
        """Of one path, queries included, or of all."""
        return [asdict(each) for each in self._records if path in (None, each.path)]

    def wait(self, true: Callable[[], bool], timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(true, timeout_s)
