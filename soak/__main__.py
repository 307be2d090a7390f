"""Soak test: `python -m soak --seconds 600 --seed 1`.

It runs two workers as the Procfile says, with fake_cerebras as upstream and many
clients, all on 127.0.0.1. It exits with 1 if a reply is not the planned one, the
server keeps more memory, connections or files, or it logs a traceback.
"""

import argparse
import sys
import time
from urllib.parse import urlsplit

from soak import report
from soak.client import TIMEOUT_S
from soak.report import Resources, measure_resources
from soak.run import CLIENTS, run_clients
from tests.cerebras import KEY, Fake, fake_cerebras
from tests.live_server import Server, environment, procfile_command, serving

SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "IDLE_TIMEOUT_S": "5",
    "RETRY_WAIT_S": "3",
    "LOG_LEVEL": "error",
}
WARM_UP_SHARE = 0.2  # of the time
MIN_WARM_UP_S = 15.0
SETTLE_S = 20.0  # in which open requests end
VIOLATIONS_SHOWN = 10
# Growth that fragments of the heap and idle connections explain.
MAX_MEMORY_GROWTH = 0.10
MAX_MEMORY_GROWTH_MIB = 8.0


def main() -> int:
    options = parse()
    print(f"seed {options.seed}, {options.seconds:g} s, {CLIENTS} clients", flush=True)
    with fake_cerebras("--tokens-per-second", "0") as fake:
        fake.margin_s = TIMEOUT_S  # the machine is busy
        upstream = {"CEREBRAS_BASE_URL": fake.base_url, "CEREBRAS_API_KEY": KEY}
        with serving(procfile_command(), environment(**upstream, **SETTINGS)) as server:
            return soak(server, fake, options)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument(
        "--warm-up", type=float, help="seconds (default: a fifth of --seconds)"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.warm_up is None:
        options.warm_up = max(WARM_UP_SHARE * options.seconds, MIN_WARM_UP_S)
    return options


def soak(server: Server, fake: Fake, options: argparse.Namespace) -> int:
    netloc = urlsplit(server.url).netloc
    warm_up = run_clients(netloc, fake, -options.seed, options.warm_up)
    before = measure_idle(server)
    fake.reset()
    results = run_clients(netloc, fake, options.seed, options.seconds)
    after = measure_idle(server)
    print(report.outcome_table(results.outcomes))
    print(f"\n{report.resource_table(before=before, after=after)}")
    print(f"\n{report.first_byte_line(results.first_bytes_s)}")
    violations = [
        *warm_up.violations,
        *results.violations,
        *find_leaks(before, after),
        *find_tracebacks(server),
    ]
    print(f"\n{len(violations)} violations", *violations[:VIOLATIONS_SHOWN], sep="\n")
    return 1 if violations else 0


def measure_idle(server: Server) -> Resources:
    """Measure once no client is connected, or after `SETTLE_S`."""
    port = urlsplit(server.url).port or 0
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        if not measure_resources(server.program.pid, port).from_clients:
            break
        time.sleep(0.5)
    time.sleep(1)
    return measure_resources(server.program.pid, port)


def find_leaks(before: Resources, after: Resources) -> list[str]:
    limit = before.rss_mib * (1 + MAX_MEMORY_GROWTH) + MAX_MEMORY_GROWTH_MIB
    files = after.files - after.to_upstream - (before.files - before.to_upstream)
    leaks = {
        f"memory grew to {after.rss_mib:.1f} MiB": after.rss_mib > limit,
        f"{after.from_clients} connections from clients": after.from_clients > 0,
        f"{after.to_upstream} connections upstream": after.to_upstream > 2 * CLIENTS,
        f"{files} more open files": files > 0,
    }
    return [text for text, is_leak in leaks.items() if is_leak]


def find_tracebacks(server: Server) -> list[str]:
    lines = server.program.output.splitlines()
    return [f"logged: {line}" for line in lines if "Traceback" in line]


if __name__ == "__main__":
    sys.exit(main())
