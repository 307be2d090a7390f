"""Memory per held stream: 4,000 clients at one token a second, on a fresh server."""

from __future__ import annotations

import select
import subprocess
import time
from pathlib import Path

from bench import cpu, fleet, rounds
from bench.fleet import Fleet
from bench.programs import Program
from bench.rounds import Measured, Results, Row, Tell, Wrong
from bench.scenarios import Load
from bench.targets import Upstream

STREAMS = 4000
OPENING = 64  # clients that wait for their first token while the rest come
LIMIT_S = 20
SETTLE_S = 1.0
HELD = Load(STREAMS, 1_000_000, pace=1, seconds=rounds.FOR_EVER_S)


def run(
    running: Fleet, targets: tuple[str, ...], checkout: Path, tell: Tell
) -> Results:
    """One round: what a server takes does not vary as its speed does."""
    results: Results = {}
    for target in targets:
        upstream = Upstream(running.upstream.port)
        with fleet.start(target, upstream, checkout) as server:
            try:
                results[Row(target)] = [_hold(running, Row(target), server)]
            except Wrong as error:
                tell(str(error))
                results[Row(target)] = [{}]
    return results


def _hold(running: Fleet, row: Row, server: Program) -> Measured:
    rounds.finish(rounds.start(running, server.port, row, rounds.WARM_UP), row)
    pids = cpu.tree(server.pid)
    rounds.place(pids, rounds.placement())
    before, began = cpu.rss_kib(pids), time.monotonic()
    load = rounds.start(running, server.port, row, HELD, opening=OPENING)
    try:
        _until_ready(load)
        took = time.monotonic() - began
        time.sleep(SETTLE_S)
        after = cpu.rss_kib(pids)
    finally:
        load.terminate()
        found = rounds.finish(load, row)
    return {
        "held": found["ready"],
        "rss_mib": after / 1024,
        "kib_stream": (after - before) / max(1, found["ready"]),
        "held_s": took,
    }


def _until_ready(load: subprocess.Popen[str]) -> None:
    """Until all clients have had a token, but not for ever."""
    select.select([load.stdout], [], [], LIMIT_S)
