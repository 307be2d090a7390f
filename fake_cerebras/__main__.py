"""Starts the server: `python -m fake_cerebras --port 0`."""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402  (the patch has to come first)
import os  # noqa: E402
import signal  # noqa: E402
from collections.abc import Sequence  # noqa: E402

import gevent  # noqa: E402
from gevent.socket import wait_read  # noqa: E402

from fake_cerebras.buckets import REFILLS, TIERS, Accounts  # noqa: E402
from fake_cerebras.clock import Clock  # noqa: E402
from fake_cerebras.server import Server  # noqa: E402
from fake_cerebras.state import State  # noqa: E402

DEFAULT_KEY = "csk-simulated"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fake_cerebras", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--tokens-per-second", type=float, default=300.0, help="0: no pause at all"
    )
    parser.add_argument(
        "--key", action="append", help=f"accepted (default {DEFAULT_KEY}); repeatable"
    )
    parser.add_argument("--tier", choices=TIERS, help="every key's quota; else none")
    parser.add_argument("--refill", choices=REFILLS, default=REFILLS[0])
    parser.add_argument(
        "--clock-speed", type=float, default=1.0, help="of the time quota goes by"
    )
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end together with the process that holds the other end of the pipe",
    )
    return parser.parse_args(arguments)


def end() -> None:
    os._exit(0)


def end_with_stdin() -> None:
    while True:
        wait_read(0)
        if not os.read(0, 4096):
            end()


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    keys = frozenset(options.key or [DEFAULT_KEY])
    state = State(
        keys,
        options.tokens_per_second,
        accounts=Accounts(options.tier, options.refill),
        clock=Clock(options.clock_speed),
    )
    server = Server((options.host, options.port), state)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, end)
    if options.until_stdin_closes:
        gevent.spawn(end_with_stdin)
    print(f"fake_cerebras listening on {server.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
