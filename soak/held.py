"""`python -m soak.held --streams 2000`: slow streams that one worker holds at once.

Each gets a token a second. Printed are the streams that got one, second by second, and
what a stream costs in memory. Ends with 1 when one is lost, late or too costly.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from soak import measure
from soak.listeners import Heard, Listeners
from soak.measure import Held
from tests.cerebras import KEY, fake_cerebras
from tests.serving import environment, procfile_command, serving

COSTLIEST_KIB = 60.0
LONGEST_SILENCE_S = 2.5  # though a token comes each second


def main() -> int:
    options = parse()
    settings = {
        "CEREBRAS_API_KEY": KEY,
        "WEB_CONCURRENCY": "1",
        "MAX_UPSTREAM_REQUESTS": str(options.streams),
        "LOG_LEVEL": "error",
    }
    with fake_cerebras() as fake:
        environ = environment(**settings, CEREBRAS_BASE_URL=fake.base_url)
        with serving(procfile_command(), environ) as server:
            listeners = Listeners(server.url, options.streams, options.seconds)
            return asyncio.run(hold(listeners, server.program.pid))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak.held", description=__doc__)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=20)
    return parser.parse_args()


async def hold(listeners: Listeners, pid: int) -> int:
    """Open the streams, watch them, and say what was seen."""
    await listeners.warm_up()
    before = measure.held(pid, listeners.port)
    async with listeners.all_listening() as heard:
        during = measure.held(pid, listeners.port)
        await asyncio.sleep(listeners.seconds)
        return tell(heard, before, during)


def tell(heard: Heard, before: Held, during: Held) -> int:
    cost_kib = (during.rss_mib - before.rss_mib) * 1024 / heard.streams
    print(f"{during.from_clients} streams held, {heard.ended} ended early")
    print("streams that got a token, second by second:", *heard.by_second)
    print(f"longest silence of a stream: {heard.longest_silence_s:.1f} s")
    print(f"memory of a stream: {cost_kib:.1f} KiB")
    broken = {
        "streams ended early": heard.ended > 0,
        "a stream was silent for long": heard.longest_silence_s > LONGEST_SILENCE_S,
        f"a stream costs more than {COSTLIEST_KIB:g} KiB": cost_kib > COSTLIEST_KIB,
    }
    print(*[what for what, happened in broken.items() if happened], sep="\n")
    return int(any(broken.values()))


if __name__ == "__main__":
    sys.exit(main())
