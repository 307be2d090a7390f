"""A crowd of clients for some time, and what became of their requests."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from soak import checks, client
from soak.checks import Broken
from soak.faults import NONE
from soak.plan import Plan, plans
from tests.cerebras import Fake

CLIENTS = 24
REQUESTS_PER_SECOND = 40  # of all clients together, at most


@dataclass
class Tally:
    """What became of all requests so far."""

    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_bytes: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, plan: Plan, outcome: str, head_s: float) -> None:
        kind = plan.manner if plan.fault is NONE else plan.fault.name
        with self.lock:
            self.ended[kind, outcome] += 1
            if plan.manner == "reads" and plan.fault is NONE and plan.stream:
                self.first_bytes.append(head_s)

    def note_broken(self, plan: Plan, broken: Broken) -> None:
        with self.lock:
            self.broken.append(f"{plan}\n    {broken}")


def crowd(netloc: str, fake: Fake, seed: int, seconds: float) -> Tally:
    """All clients at work for so long."""
    tally, until = Tally(), time.monotonic() + seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        workers = [
            pool.submit(work, netloc, fake, plans(seed, number, CLIENTS), tally, until)
            for number in range(CLIENTS)
        ]
    for each in workers:
        each.result()
    return tally


def work(
    netloc: str, fake: Fake, planned: Iterator[Plan], tally: Tally, until: float
) -> None:
    with client.connected(netloc) as own:
        while time.monotonic() < until:
            plan = next(planned)
            time.sleep(plan.rest * CLIENTS / REQUESTS_PER_SECOND)
            perform(own, fake, plan, tally)


def perform(own: client.Client, fake: Fake, plan: Plan, tally: Tally) -> None:
    if plan.fault.once:
        fake.script(plan.fault.script | {"match": plan.name})
    try:
        heard = own.perform(plan)
        outcome = checks.judge(plan, heard)
    except Broken as broken:
        own.close()
        tally.note_broken(plan, broken)
    else:
        tally.note(plan, outcome, heard.head_s)
