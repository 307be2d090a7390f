"""`python -m soak --seconds 600 --seed 1`: is every promise kept, and nothing held?

Two workers by the Procfile's line, fake_cerebras above them, a crowd of clients below,
all on 127.0.0.1. Ends with 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from urllib.parse import urlsplit

from soak import measure, report
from soak.client import TIMEOUT_S
from soak.measure import Held
from soak.run import CLIENTS, Tally, crowd
from tests.cerebras import KEY, Fake, fake_cerebras
from tests.serving import Server, environment, procfile_command, serving

SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "IDLE_TIMEOUT_S": "5",
    "RETRY_WAIT_S": "3",
    "LOG_LEVEL": "error",
}
WARM_UP = 0.2  # of the time, and at least so many seconds:
SHORTEST_WARM_UP_S = 15.0
CALM_S = 20.0  # what open requests may take to end
SHOWN = 10  # broken promises
# What may be kept above the start: fragments of the heap, idle connections upstream.
MORE_MEMORY = 0.10
MORE_MIB = 8.0


def main() -> int:
    options = parse()
    print(f"seed {options.seed}, {options.seconds:g} s, {CLIENTS} clients", flush=True)
    with fake_cerebras("--tokens-per-second", "0") as fake:
        fake.margin_s = TIMEOUT_S  # it is as busy as all the others
        upstream = {"CEREBRAS_BASE_URL": fake.base_url, "CEREBRAS_API_KEY": KEY}
        with serving(procfile_command(), environment(**upstream, **SETTINGS)) as server:
            return soak(server, fake, options)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--warm-up", type=float, help="seconds; default: enough")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.warm_up is None:
        options.warm_up = max(WARM_UP * options.seconds, SHORTEST_WARM_UP_S)
    return options


def soak(server: Server, fake: Fake, options: argparse.Namespace) -> int:
    netloc = urlsplit(server.url).netloc
    warm_up = crowd(netloc, fake, -options.seed, options.warm_up)
    before = calm(server)
    fake.reset()
    tally = crowd(netloc, fake, options.seed, options.seconds)
    after = calm(server)
    show(tally, before, after)
    broken = [*warm_up.broken, *tally.broken, *kept(before, after), *logged(server)]
    print(f"\n{len(broken)} promises broken", *broken[:SHOWN], sep="\n")
    return 1 if broken else 0


def calm(server: Server) -> Held:
    """What is held once no client is connected any more."""
    port = urlsplit(server.url).port or 0
    until = time.monotonic() + CALM_S
    while time.monotonic() < until:
        held = measure.held(server.program.pid, port)
        if not held.from_clients:
            break
        time.sleep(0.5)
    time.sleep(1)
    return measure.held(server.program.pid, port)


def show(tally: Tally, before: Held, after: Held) -> None:
    print(report.outcomes(tally.ended))
    print(f"\n{report.holdings(before=before, after=after)}")
    print(f"\n{report.latencies(tally.first_bytes)}")


def kept(before: Held, after: Held) -> list[str]:
    """What the server holds now that it did not hold before."""
    allowed = before.rss_mib * (1 + MORE_MEMORY) + MORE_MIB
    others = after.files - after.to_upstream - (before.files - before.to_upstream)
    told = {
        f"memory grew to {after.rss_mib:.1f} MiB": after.rss_mib > allowed,
        f"{after.from_clients} connections of clients left": after.from_clients > 0,
        f"{after.to_upstream} connections upstream": after.to_upstream > 2 * CLIENTS,
        f"{others} more open files": others > 0,
    }
    return [what for what, broken in told.items() if broken]


def logged(server: Server) -> list[str]:
    """A traceback is a broken promise, whoever noticed."""
    lines = server.program.output.splitlines()
    return [f"logged: {each}" for each in lines if "Traceback" in each]


if __name__ == "__main__":
    sys.exit(main())
