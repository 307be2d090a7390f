"""Run many clients at once and count the outcomes of their requests."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from soak.client import Client, open_client
from soak.plan import NO_FAULT, Plan, make_plans
from soak.reply import Violation, check_reply
from tests.cerebras import Fake

CLIENTS = 24
REQUESTS_PER_SECOND = 40  # of all clients together, at most


@dataclass
class Results:
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_bytes_s: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, plan: Plan, outcome: str, head_s: float) -> None:
        has_fault = plan.fault is not NO_FAULT
        kind = plan.fault.name if has_fault else plan.behaviour
        with self.lock:
            self.outcomes[kind, outcome] += 1
            if plan.behaviour == "normal" and plan.stream and not has_fault:
                self.first_bytes_s.append(head_s)

    def add_violation(self, plan: Plan, violation: Violation) -> None:
        with self.lock:
            self.violations.append(f"{plan}\n    {violation}")


def run_clients(netloc: str, fake: Fake, seed: int, seconds: float) -> Results:
    results, until = Results(), time.monotonic() + seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        futures = [
            pool.submit(
                run_client,
                netloc,
                fake,
                make_plans(seed, number, CLIENTS),
                results,
                until,
            )
            for number in range(CLIENTS)
        ]
    for future in futures:
        future.result()
    return results


def run_client(
    netloc: str, fake: Fake, plans: Iterator[Plan], results: Results, until: float
) -> None:
    with open_client(netloc) as client:
        while time.monotonic() < until:
            plan = next(plans)
            time.sleep(plan.pause * CLIENTS / REQUESTS_PER_SECOND)
            run_plan(client, fake, plan, results)


def run_plan(client: Client, fake: Fake, plan: Plan, results: Results) -> None:
    if plan.fault.once:
        fake.script(plan.fault.script | {"match": plan.name})
    try:
        reply = client.send(plan)
        outcome = check_reply(plan, reply)
    except Violation as violation:
        client.close()
        results.add_violation(plan, violation)
    else:
        results.add(plan, outcome, reply.head_s)
