"""State of the server: settings, organisations, request records, scripts, gates."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gevent.event import Event

from fake_cerebras.prompt_cache import PromptCache
from fake_cerebras.quota import Clock, Quotas
from fake_cerebras.script import Script


@dataclass
class RequestRecord:
    """One request and how it ended; points in time are `time.time()`."""

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


class RequestRecords:
    """The requests received since the last `clear`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._records: list[RequestRecord] = []
        self._next_id = 1

    def add(
        self,
        connection: int,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Any,
    ) -> RequestRecord:
        with self._changed:
            record = RequestRecord(
                self._next_id, connection, method, path, headers, body, time.time()
            )
            self._next_id += 1
            self._records.append(record)
            self._changed.notify_all()
            return record

    def finish(self, record: RequestRecord, status: int | None) -> None:
        with self._changed:
            record.status = status
            record.finished = True
            self._changed.notify_all()

    def disconnect(self, record: RequestRecord) -> None:
        """Note that the client disconnected; later calls change nothing."""
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

    def find(self, record_id: int) -> RequestRecord | None:
        return next((each for each in self._records if each.id == record_id), None)

    def as_dicts(self, path: str | None = None) -> list[dict[str, Any]]:
        """Return the requests to one path (including its query), or all."""
        return [asdict(each) for each in self._records if path in (None, each.path)]

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(condition, timeout_s)


class ScriptQueue:
    """Scripts that wait for a request, and gates by name at which responses hold."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []
        self._gates: dict[str, Event] = {}

    def add(self, script: Script, times: int) -> None:
        self._scripts += [script] * times

    def take(self, prompt: str) -> Script | None:
        """Remove and return the first script whose `match` is in the prompt."""
        for index, script in enumerate(self._scripts):
            if script.match is None or script.match in prompt:
                return self._scripts.pop(index)
        return None

    def gate(self, name: str) -> Event:
        return self._gates.setdefault(name, Event())

    def clear(self) -> None:
        """Remove all scripts and gates; responses that hold at a gate continue."""
        for gate in self._gates.values():
            gate.set()
        self._gates = {}
        self._scripts = []


class Organisations:
    """Which keys share quota and prompt cache: by default, each key is on its own.

    An organisation has the name of one of its keys.
    """

    def __init__(self, groups: Iterable[Sequence[str]] = ()) -> None:
        self._initial_groups = list(groups)
        self.reset()

    def reset(self) -> None:
        """Return to the organisations given at the start."""
        self._by_key: dict[str, str] = {}
        for keys in self._initial_groups:
            self.unite(keys)

    def unite(self, keys: Sequence[str]) -> None:
        """Put keys into the organisation of the first one."""
        organisation = self.of(keys[0])
        self._by_key |= dict.fromkeys(keys, organisation)

    def of(self, key: str) -> str:
        return self._by_key.get(key, key)


@dataclass(frozen=True)
class State:
    keys: frozenset[str]
    tokens_per_second: float
    records: RequestRecords = field(default_factory=RequestRecords)
    scripts: ScriptQueue = field(default_factory=ScriptQueue)
    organisations: Organisations = field(default_factory=Organisations)
    quotas: Quotas = field(default_factory=Quotas)
    cache: PromptCache = field(default_factory=PromptCache)
    clock: Clock = field(default_factory=Clock)

    def reset(self) -> None:
        """Return to the state at the start; responses that hold continue."""
        self.records.clear()
        self.scripts.clear()
        self.organisations.reset()
        self.quotas.reset()
        self.cache.reset()
        self.clock.reset()
