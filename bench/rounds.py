"""Runs a scenario: rounds interleaved in rotating order, one measurement per target."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from bench import bodies, cpu
from bench.fleet import RELAYS, Fleet, Name
from bench.programs import BUILD
from bench.scenarios import Load, Scenario

T = TypeVar("T")
Measured = dict[str, float]
Results = dict["Row", list[Measured]]
Tell = Callable[[str], None]
RUN_TIMEOUT_S = 90
FOR_EVER_S = 3600
WARM_UP = Load(8, 20, seconds=0.1)
ENOUGH_CPUS = 4  # to give two workers, the upstream and the load one each


class Row(NamedTuple):
    target: str
    dialect: str = "native"


class Wrong(Exception):
    """A relayed text, a count or an end was not what the upstream sent."""


class Placement(NamedTuple):
    server: set[int]
    rest: set[int]  # upstream, load generator and bench


def placement(*, two_workers: bool = False) -> Placement:
    if not two_workers:
        return Placement({cpu.USABLE[1]}, {cpu.USABLE[0]})
    if len(cpu.USABLE) >= ENOUGH_CPUS:
        return Placement({*cpu.USABLE[2:4]}, {*cpu.USABLE[:2]})
    return Placement({*cpu.USABLE}, {*cpu.USABLE})  # they have to share


def place(pids: Iterable[int], at: Placement) -> None:
    """Pin a server, and us with all that we start from now on."""
    cpu.pin(pids, at.server)
    os.sched_setaffinity(0, at.rest)


def warm_up(fleet: Fleet) -> None:
    """Every server answers, so that none is still starting when it is measured."""
    for name in fleet.targets:
        row = Row(name.target)
        finish(start(fleet, fleet.port(name), row, WARM_UP), row)


def run(fleet: Fleet, scenario: Scenario, rounds: int, tell: Tell) -> Results:
    """A round that went wrong is told, and stays empty."""
    rows = [Row(t, d) for t in scenario.targets for d in scenario.dialects]
    results: Results = {row: [] for row in rows}
    for n in range(rounds):
        for row in rotated(rows, n):
            try:
                results[row].append(measure(fleet, scenario, row))
            except Wrong as error:
                tell(str(error))
                results[row].append({})
    return results


def rotated(rows: Sequence[T], n: int) -> list[T]:
    first = n % len(rows)
    return [*rows[first:], *rows[:first]]


def measure(fleet: Fleet, scenario: Scenario, row: Row) -> Measured:
    """One run of the load against one target."""
    name = Name(row.target, scenario.tls)
    pids, at = fleet.pids(name), placement(two_workers=scenario.two_workers)
    place(pids, at)
    cpu.pin([fleet.upstream.pid], at.rest)
    with _neighbour(fleet, scenario, row):
        opened = fleet.ask("/counts")
        before, rest_before = cpu.cpu_ns(pids), cpu.cpu_ns([fleet.upstream.pid])
        found = finish(start(fleet, fleet.port(name), row, scenario.load), row)
        found["server_cpu_s"] = (cpu.cpu_ns(pids) - before) / 1e9
        rest = cpu.cpu_ns([fleet.upstream.pid]) - rest_before
        found["upstream_cpu_s"] = rest / 1e9
        found["opened"] = fleet.ask("/counts") - opened - 1  # but for our own question
    return found | derived(found, scenario.load)


def derived(found: Measured, load: Load) -> Measured:
    """What follows from the load's counts and the CPU seconds of each side."""
    rest = found["load_cpu_s"] + found["upstream_cpu_s"]
    made = {
        "cpu_us_chunk": found["server_cpu_s"] * 1e6 / found["chunks"],
        "cpu_ms_reply": found["server_cpu_s"] * 1e3 / found["replies"],
        "connections": found["opened"] / found["replies"],
        "server_cpus": found["server_cpu_s"] / found["seconds"],
        "rest_cpus": rest / found["seconds"],
    }
    if load.pace:
        made["carried"] = found["chunks_s"] / (load.clients * load.pace)
    return made


def start(
    fleet: Fleet, port: int, row: Row, load: Load, **more: int
) -> subprocess.Popen[str]:
    """The load generator, under way; it inherits our CPUs."""
    dialect = "openai" if row.target in RELAYS else row.dialect
    body = bodies.body(dialect, load.knobs, agent=load.agent)
    file = BUILD / f"{hashlib.sha256(body).hexdigest()[:16]}.json"
    file.write_bytes(body)
    options = {
        "port": port,
        "path": bodies.PATHS[dialect],
        "dialect": dialect if load.stream else "whole",
        "body": file,
        "tokens": load.tokens,
        "clients": load.clients,
        "seconds": load.seconds,
        **more,
    }
    command = [str(fleet.load), *(f"{key}={value}" for key, value in options.items())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], row: Row) -> Measured:
    """What the load generator says at its end."""
    said = process.communicate(timeout=RUN_TIMEOUT_S)[0].splitlines()
    if not said:
        raise Wrong(f"{row.target}: the load generator failed")
    found = json.loads(said[-1])
    if found["errors"]:
        raise Wrong(f"{row.target}, {row.dialect}: {found['error']}")
    return found


@contextlib.contextmanager
def _neighbour(fleet: Fleet, scenario: Scenario, row: Row) -> Iterator[None]:
    """The load beside the measured one, if any; its texts are checked as well."""
    if scenario.beside is None:
        yield
        return
    port = fleet.port(Name(row.target, scenario.tls))
    process = start(fleet, port, row, scenario.beside, seconds=FOR_EVER_S)
    try:
        process.stdout.readline()  # "ready": it is under way
        yield
    finally:
        process.terminate()
        finish(process, row)
