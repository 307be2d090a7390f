"""How a worker ends: in stages, so that nobody loses an answer that can be given.

Replaced by a new worker at HUP it takes connections until that one can have begun. At
TERM it goes on for half of the grace, while it has work: so long may a load balancer
take to look away.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any, NamedTuple, Protocol

import gevent
from gevent.server import StreamServer
from gunicorn.config import Config
from gunicorn.workers.base import Worker as GunicornWorker

from app.server.client import Client
from app.upstream.running import Running

TICK_S = 0.05
LAST_WORDS_S = 2.0  # before the end, streams are told
FORCE_S = 1.2  # before the end, who has not taken that is dropped
LAST_ONE_S = 0.4  # what whoever is taken in last may take at least
EXIT_S = 1.0  # what the ends of two processes may take on a busy machine
NEWCOMER_S = 1.0  # how long a new connection may be silent
TAKEOVER_S = 1.0  # what a new worker takes to begin
HANDOVER_S = 2.0  # at HUP: a client in the middle of its requests asks within that


class Worker(Protocol):
    """What of a worker is drained."""

    cfg: Config
    tmp: Any
    clients: set[Client]

    def notify(self) -> None: ...


class Stage(NamedTuple):
    due_s: float
    action: Callable[[], None]


def mark_replaced(worker: GunicornWorker) -> None:
    """Tell a worker, in the file that it shares with the arbiter, why it will end."""
    os.truncate(worker.tmp.fileno(), 1)


def is_replaced(worker: Worker) -> bool:
    return os.fstat(worker.tmp.fileno()).st_size > 0


def drain(worker: Worker, servers: Sequence[StreamServer], running: Running) -> None:
    """Return when all is answered, and by the end of the grace in any case."""
    begun, grace_s = monotonic(), float(worker.cfg.graceful_timeout)
    replaced = is_replaced(worker)
    running.stopping = not replaced
    closes_s = closing_s(grace_s, replaced)
    stages = [
        Stage(closes_s, lambda: close(servers)),
        Stage(grace_s - LAST_WORDS_S, running.end),
        Stage(grace_s - FORCE_S, lambda: drop(worker.clients)),
    ]
    while True:
        stages = take_due(stages, monotonic() - begun)
        part_with_idle(worker.clients, replaced)
        needed = replaced and monotonic() - begun < closes_s
        if not needed and not at_work(servers):
            close(servers)  # takes in who has knocked
            if not at_work(servers):
                return
        worker.notify()
        gevent.sleep(TICK_S)
        if monotonic() - begun >= grace_s - EXIT_S:
            return


def closing_s(grace_s: float, replaced: bool) -> float:
    """When nobody is taken in any more: before the first is dropped, however short."""
    wanted_s = TAKEOVER_S if replaced else grace_s / 2
    return max(min(wanted_s, grace_s - FORCE_S - LAST_ONE_S), 0.0)


def take_due(stages: Sequence[Stage], now_s: float) -> list[Stage]:
    """Do what is due; what is left."""
    for stage in stages:
        if stage.due_s <= now_s:
            stage.action()
    return [stage for stage in stages if stage.due_s > now_s]


def part_with_idle(clients: Iterable[Client], replaced: bool) -> None:
    now = monotonic()
    for client in tuple(clients):
        patience_s = 0.0 if client.requests else NEWCOMER_S
        if replaced:
            patience_s = HANDOVER_S
        if client.waits_since is not None and now - client.waits_since >= patience_s:
            client.hang_up()


def drop(clients: Iterable[Client]) -> None:
    for client in tuple(clients):
        client.drop()


def at_work(servers: Iterable[StreamServer]) -> bool:
    return any(server.pool for server in servers)


def close(servers: Iterable[StreamServer]) -> None:
    """Accept who is waiting for it already, then nobody."""
    for server in servers:
        if server.closed:
            continue
        server.stop_accepting()
        while not server.full() and (accepted := server.do_read()):
            server.do_handle(*accepted)
        server.close()
