"""Run a scenario: interleaved rounds, with one measurement of each target per round."""

import contextlib
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from bench import machine
from bench.fleet import UPSTREAM_DIALECT, Fleet, TargetKey
from bench.programs import BUILD
from bench.scenarios import PATHS, Load, Scenario, request_body

T = TypeVar("T")
Figures = dict[str, float]  # of one measurement; empty if it failed
Results = dict["Row", list[Figures]]
Log = Callable[[str], None]
RUN_TIMEOUT_S = 90
ENDLESS_S = 3600
WARM_UP = Load(8, 20, seconds=0.1)
CPUS_FOR_TWO_WORKERS = 4  # two for the workers, two for the rest


class Row(NamedTuple):
    """A row of a results table."""

    target: str
    variant: str = "native"  # dialect, or what else a table has rows for


class WrongReply(Exception):
    """A relayed text, count or end differs from what the upstream sent."""


class Placement(NamedTuple):
    """The CPUs of the server, and of upstream, load generator and benchmark."""

    server: set[int]
    rest: set[int]


def placement(*, two_workers: bool = False) -> Placement:
    cpus = machine.CPUS
    if not two_workers:
        return Placement({cpus[1]}, {cpus[0]})
    if len(cpus) >= CPUS_FOR_TWO_WORKERS:
        return Placement({*cpus[2:4]}, {*cpus[:2]})
    return Placement({*cpus}, {*cpus})


def pin_all(server_pids: Iterable[int], cpus: Placement) -> None:
    """Pin a server, this process, and the processes that it starts from now on."""
    machine.pin(server_pids, cpus.server)
    os.sched_setaffinity(0, cpus.rest)


def warm_up(fleet: Fleet) -> None:
    """Send a short load to every target, so that none is still starting."""
    for key in fleet.targets:
        row = Row(key.target)
        finish_load(start_load(fleet, fleet.port(key), row, WARM_UP), row)


def run(fleet: Fleet, scenario: Scenario, rounds: int, log: Log) -> Results:
    """Return the figures of all rounds; those of a failed measurement are empty."""
    rows = [Row(t, d) for t in scenario.targets for d in scenario.dialects]
    results: Results = {row: [] for row in rows}
    for number in range(rounds):
        for row in rotate(rows, number):
            try:
                results[row].append(measure(fleet, scenario, row))
            except WrongReply as error:
                log(str(error))
                results[row].append({})
    return results


def rotate(rows: Sequence[T], number: int) -> list[T]:
    first = number % len(rows)
    return [*rows[first:], *rows[:first]]


def measure(fleet: Fleet, scenario: Scenario, row: Row) -> Figures:
    """Run the load once against one target."""
    key = TargetKey(row.target, scenario.tls)
    server, upstream = fleet.pids(key), [fleet.upstream.pid]
    cpus = placement(two_workers=scenario.two_workers)
    pin_all(server, cpus)
    machine.pin(upstream, cpus.rest)
    with _neighbour(fleet, scenario, row):
        connections = fleet.query_upstream("/counts")
        server_ns, upstream_ns = machine.cpu_ns(server), machine.cpu_ns(upstream)
        load = start_load(fleet, fleet.port(key), row, scenario.load)
        figures = finish_load(load, row)
        figures["server_cpu_s"] = (machine.cpu_ns(server) - server_ns) / 1e9
        figures["upstream_cpu_s"] = (machine.cpu_ns(upstream) - upstream_ns) / 1e9
        # The query itself opened one.
        figures["opened"] = fleet.query_upstream("/counts") - connections - 1
    return figures | derived_figures(figures, scenario.load)


def derived_figures(figures: Figures, load: Load) -> Figures:
    rest_cpu_s = figures["load_cpu_s"] + figures["upstream_cpu_s"]
    derived = {
        "cpu_us_chunk": figures["server_cpu_s"] * 1e6 / figures["chunks"],
        "cpu_ms_reply": figures["server_cpu_s"] * 1e3 / figures["replies"],
        "connections": figures["opened"] / figures["replies"],
        "server_cpus": figures["server_cpu_s"] / figures["seconds"],
        "rest_cpus": rest_cpu_s / figures["seconds"],
    }
    if load.pace:
        derived["carried"] = figures["chunks_s"] / (load.clients * load.pace)
    return derived


def start_load(
    fleet: Fleet, port: int, row: Row, load: Load, **options: int
) -> subprocess.Popen[str]:
    """Start the load generator on the CPUs of this process."""
    dialect = "openai" if row.target in UPSTREAM_DIALECT else row.variant
    body = request_body(dialect, load.reply_options, agent=load.agent)
    file = BUILD / f"{hashlib.sha256(body).hexdigest()[:16]}.json"
    file.write_bytes(body)
    arguments = {
        "port": port,
        "path": PATHS[dialect],
        "dialect": dialect if load.stream else "whole",
        "body": file,
        "tokens": load.tokens,
        "clients": load.clients,
        "seconds": load.seconds,
        **options,
    }
    command = [str(fleet.load), *(f"{k}={value}" for k, value in arguments.items())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish_load(process: subprocess.Popen[str], row: Row) -> Figures:
    """Return the figures that the load generator prints, or raise `WrongReply`."""
    lines = process.communicate(timeout=RUN_TIMEOUT_S)[0].splitlines()
    if not lines:
        raise WrongReply(f"{row.target}: the load generator failed")
    figures = json.loads(lines[-1])
    if figures["errors"]:
        raise WrongReply(f"{row.target}, {row.variant}: {figures['error']}")
    return figures


@contextlib.contextmanager
def _neighbour(fleet: Fleet, scenario: Scenario, row: Row) -> Iterator[None]:
    """Run the neighbour of the measured load; its replies are checked, too."""
    if scenario.neighbour is None:
        yield
        return
    port = fleet.port(TargetKey(row.target, scenario.tls))
    process = start_load(fleet, port, row, scenario.neighbour, seconds=ENDLESS_S)
    try:
        process.stdout.readline()  # "ready"
        yield
    finally:
        process.terminate()
        finish_load(process, row)
