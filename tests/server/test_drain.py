"""The stages of a worker's shutdown; tests/live/test_stopping.py tests all of it."""

import os
from dataclasses import dataclass
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from app.inference.slots import RunningRequests
from app.server.drain import (
    EXIT_BEFORE_END_S,
    NEW_CONNECTION_IDLE_S,
    REPLACED_IDLE_S,
    RESET_BEFORE_END_S,
    Stage,
    accepting_s,
    close_idle,
    drain,
    note_reload,
    reload_count,
    run_due_stages,
)


@dataclass(eq=False)
class FakeClient:
    """A client that has been idle for `idle_s`, or has a request (None)."""

    idle_s: float | None
    requests: int = 1
    stopped: bool = False
    is_reset: bool = False

    @property
    def idle_since(self) -> float | None:
        return None if self.idle_s is None else monotonic() - self.idle_s

    def stop_waiting(self) -> None:
        self.stopped = True

    def reset(self) -> None:
        self.is_reset = True


class FakeListener:
    """A listener that becomes busy if its backlog is accepted."""

    def __init__(self, *, busy: bool = False, backlog: bool = False) -> None:
        self.is_busy = busy
        self.closed = False
        self._backlog = backlog

    def close(self) -> None:
        self.is_busy, self._backlog = self.is_busy or self._backlog, False
        self.closed = True


def drain_listener(listener: Any, grace_s: float, *clients: FakeClient) -> float:
    """Drain a worker that is stopped; return how long that takes, in seconds."""
    cfg = SimpleNamespace(graceful_timeout=grace_s)
    worker: Any = SimpleNamespace(cfg=cfg, clients={*clients}, notify=lambda: None)
    begun = monotonic()
    drain(worker, [listener], RunningRequests(), replaced=False)
    return monotonic() - begun


@pytest.mark.parametrize(
    ("client", "replaced", "closed"),
    [
        (FakeClient(None), False, False),
        (FakeClient(None), True, False),
        (FakeClient(0.01), False, True),
        (FakeClient(NEW_CONNECTION_IDLE_S / 2, requests=0), False, False),
        (FakeClient(NEW_CONNECTION_IDLE_S + 0.01, requests=0), False, True),
        (FakeClient(REPLACED_IDLE_S / 2), True, False),
        (FakeClient(REPLACED_IDLE_S + 0.01), True, True),
    ],
    ids=["busy", "busy, HUP", "idle", "new", "silent", "just idle, HUP", "idle, HUP"],
)
def test_only_idle_clients_are_closed(
    client: Any, replaced: bool, closed: bool
) -> None:
    close_idle([client], replaced)

    assert client.stopped == closed


@pytest.mark.parametrize(
    ("grace_s", "replaced", "expected_s"),
    [(25, True, 1.0), (25, False, 12.5), (2, True, 0.4), (2, False, 0.4), (1, True, 0)],
)
def test_accepting_ends_before_clients_are_reset(
    grace_s: float, replaced: bool, expected_s: float
) -> None:
    accept_s = accepting_s(grace_s, replaced)

    assert accept_s == pytest.approx(expected_s)
    assert accept_s < grace_s - RESET_BEFORE_END_S or not accept_s


def test_each_stage_runs_once_when_it_is_due() -> None:
    ran: list[str] = []
    stages = [
        Stage(0.0, lambda: ran.append("first")),
        Stage(2.0, lambda: ran.append("second")),
    ]

    remaining = run_due_stages(stages, 1.0)

    assert ran == ["first"]
    assert run_due_stages(remaining, 2.0) == []
    assert ran == ["first", "second"]


def test_drain_ends_at_once_without_connections() -> None:
    listener = FakeListener()

    assert drain_listener(listener, 30) < 5
    assert listener.closed


@pytest.mark.parametrize("listener", [{"busy": True}, {"backlog": True}], ids=str)
def test_connections_are_reset_before_the_grace_period_ends(
    listener: dict[str, bool],
) -> None:
    client = FakeClient(None)
    grace_s = EXIT_BEFORE_END_S + 0.7

    assert drain_listener(FakeListener(**listener), grace_s, client) >= 0.7
    assert client.is_reset


def test_forked_process_sees_reloads_of_its_parent() -> None:
    before = reload_count()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        os.read(read_end, 1)
        os._exit(reload_count() == before)

    note_reload()
    os.write(write_end, b"x")
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert reload_count() != before
    os.close(read_end)
    os.close(write_end)
