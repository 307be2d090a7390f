"""Memory per held stream: 4,000 clients at one token per second, on a fresh server."""

import select
import subprocess
import time
from pathlib import Path

from bench import fleet, machine, rounds
from bench.fleet import Fleet
from bench.programs import Program
from bench.rounds import Figures, Log, Results, Row, WrongReply
from bench.scenarios import Load
from bench.targets import Upstream

STREAMS = 4000
OPENING = 64  # streams at most that wait for their first token at the same time
OPEN_TIMEOUT_S = 20
SETTLE_S = 1.0
LOAD = Load(STREAMS, 1_000_000, pace=1, seconds=rounds.ENDLESS_S)


def run(running: Fleet, targets: tuple[str, ...], checkout: Path, log: Log) -> Results:
    """Return one round, as memory hardly varies."""
    results: Results = {}
    for target in targets:
        row = Row(target)
        upstream = Upstream(running.upstream.port)
        with fleet.start(target, upstream, checkout) as server:
            try:
                results[row] = [_hold(running, row, server)]
            except WrongReply as error:
                log(str(error))
                results[row] = [{}]
    return results


def _hold(running: Fleet, row: Row, server: Program) -> Figures:
    warm_up = rounds.start_load(running, server.port, row, rounds.WARM_UP)
    rounds.finish_load(warm_up, row)
    pids = machine.process_tree(server.pid)
    rounds.pin_all(pids, rounds.placement())
    before_kib, started = machine.rss_kib(pids), time.monotonic()
    load = rounds.start_load(running, server.port, row, LOAD, opening=OPENING)
    try:
        _wait_until_ready(load)
        opened_s = time.monotonic() - started
        time.sleep(SETTLE_S)
        after_kib = machine.rss_kib(pids)
    finally:
        load.terminate()
        figures = rounds.finish_load(load, row)
    return {
        "held": figures["ready"],
        "rss_mib": after_kib / 1024,
        "kib_stream": (after_kib - before_kib) / max(1, figures["ready"]),
        "held_s": opened_s,
    }


def _wait_until_ready(load: subprocess.Popen[str]) -> None:
    """Wait until all clients got a token, or for `OPEN_TIMEOUT_S`."""
    select.select([load.stdout], [], [], OPEN_TIMEOUT_S)
