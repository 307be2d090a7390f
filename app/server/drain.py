"""Shut a worker down in stages, so that no client loses a reply it can still get.

A worker that is replaced (HUP) accepts connections until its successor can have
started. At TERM a worker that has requests goes on accepting for half of the grace
period: a load balancer may take that long to stop sending requests to it.
"""

import mmap
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

import gevent
from gunicorn.config import Config

from app.inference.slots import RunningRequests
from app.server.client import Client
from app.server.listener import Listener

TICK_S = 0.05
# Before the end of the grace period:
NOTIFY_BEFORE_END_S = 2.0  # streams get their last event
RESET_BEFORE_END_S = 1.2  # clients that have not read it are disconnected
EXIT_BEFORE_END_S = 1.0  # the worker exits, which takes time on a busy machine
MIN_REQUEST_S = 0.4  # between the last accepted connection and the first reset
# After the start of the shutdown:
SUCCESSOR_START_S = 1.0  # a replacing worker has started
# A connection without a request is closed after:
NEW_CONNECTION_IDLE_S = 1.0
REPLACED_IDLE_S = 2.0  # after a HUP: a client between two requests is left alone

# Counts the HUPs of this server, modulo 256. The memory is shared with the workers,
# which inherit it when they are forked.
_reloads = mmap.mmap(-1, 1)


class DrainableWorker(Protocol):
    """The parts of a worker that its shutdown needs."""

    cfg: Config
    clients: set[Client]

    def notify(self) -> None: ...


class Stage(NamedTuple):
    """One step of the shutdown."""

    due_s: float  # after the start of the shutdown
    action: Callable[[], None]


def note_reload() -> None:
    """Count a HUP, for the workers that it replaces; runs in the arbiter."""
    _reloads[0] = (_reloads[0] + 1) % 256


def reload_count() -> int:
    """Return a number that changes with each HUP."""
    return _reloads[0]


def drain(
    worker: DrainableWorker,
    listeners: Sequence[Listener],
    running: RunningRequests,
    *,
    replaced: bool,
) -> None:
    """Return when all requests are answered, or at the end of the grace period."""
    start, grace_s = monotonic(), float(worker.cfg.graceful_timeout)
    running.stopping = not replaced
    accept_s = accepting_s(grace_s, replaced)
    stages = [
        Stage(accept_s, lambda: close_all(listeners)),
        Stage(grace_s - NOTIFY_BEFORE_END_S, running.cancel_all),
        Stage(grace_s - RESET_BEFORE_END_S, lambda: reset_all(worker.clients)),
    ]
    while True:
        stages = run_due_stages(stages, monotonic() - start)
        close_idle(worker.clients, replaced)
        awaits_successor = replaced and monotonic() - start < accept_s
        if not awaits_successor and not any(each.is_busy for each in listeners):
            close_all(listeners)  # accepts the connections of the backlog
            if not any(each.is_busy for each in listeners):
                return
        worker.notify()
        gevent.sleep(TICK_S)
        if monotonic() - start >= grace_s - EXIT_BEFORE_END_S:
            return


def accepting_s(grace_s: float, replaced: bool) -> float:
    """Return for how many seconds to accept connections, 0 or more.

    The last one gets MIN_REQUEST_S before connections are reset.
    """
    wanted_s = SUCCESSOR_START_S if replaced else grace_s / 2
    return max(min(wanted_s, grace_s - RESET_BEFORE_END_S - MIN_REQUEST_S), 0.0)


def run_due_stages(stages: Sequence[Stage], elapsed_s: float) -> list[Stage]:
    """Run the stages that are due, and return the others."""
    for stage in stages:
        if stage.due_s <= elapsed_s:
            stage.action()
    return [stage for stage in stages if stage.due_s > elapsed_s]


def close_idle(clients: Iterable[Client], replaced: bool) -> None:
    """Close connections that have waited long enough for a request."""
    now = monotonic()
    for client in tuple(clients):
        limit_s = 0.0 if client.requests else NEW_CONNECTION_IDLE_S
        if replaced:
            limit_s = REPLACED_IDLE_S
        if client.idle_since is not None and now - client.idle_since >= limit_s:
            client.stop_waiting()


def reset_all(clients: Iterable[Client]) -> None:
    """Reset the connections of all clients."""
    for client in tuple(clients):
        client.reset()


def close_all(listeners: Iterable[Listener]) -> None:
    """Stop listening; the connections of the backlog are still served."""
    for listener in listeners:
        listener.close()
