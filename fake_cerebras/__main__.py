"""Run the server: `python -m fake_cerebras --port 0`."""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402  (gevent must patch before the other imports)
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from http.server import ThreadingHTTPServer  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from gevent.socket import wait_read  # noqa: E402

from fake_cerebras import api, control  # noqa: E402
from fake_cerebras.connection import Connection  # noqa: E402
from fake_cerebras.prompt_cache import (  # noqa: E402
    BLOCK_TOKENS,
    LIFETIME_S,
    PromptCache,
)
from fake_cerebras.quota import REFILLS, TIERS, Clock, Quotas  # noqa: E402
from fake_cerebras.state import Organisations, State  # noqa: E402

DEFAULT_KEY = "csk-simulated"


class Server(ThreadingHTTPServer):
    """The HTTP server, with a greenlet for each connection."""

    request_queue_size = 1024  # tests open many connections at once
    daemon_threads = True

    def __init__(self, address: tuple[str, int], state: State) -> None:
        class BoundConnection(Connection):
            def serve(self) -> None:
                is_control = self.path.startswith(control.PREFIX)
                (control if is_control else api).serve(self, state)

        super().__init__(address, BoundConnection)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # clients may disconnect
            super().handle_error(request, client_address)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fake_cerebras", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument(
        "--tokens-per-second", type=float, default=300.0, help="0: without pauses"
    )
    parser.add_argument(
        "--key",
        action="append",
        help=f"an accepted API key (default {DEFAULT_KEY}); repeatable",
    )
    parser.add_argument(
        "--organisation",
        action="append",
        default=[],
        type=lambda keys: keys.split(","),
        metavar="KEY,KEY...",
        help="accepted API keys that share quota and prompt cache; repeatable",
    )
    parser.add_argument(
        "--tier", choices=TIERS, help="quota of each organisation (default: none)"
    )
    parser.add_argument("--refill", choices=REFILLS, default=REFILLS[0])
    parser.add_argument(
        "--clock-speed",
        type=float,
        default=1.0,
        help="speed of the clock of quota and prompt cache",
    )
    parser.add_argument(
        "--cache-block-tokens",
        type=int,
        default=BLOCK_TOKENS,
        help="tokens in a block of the prompt cache (default %(default)s)",
    )
    parser.add_argument(
        "--cache-lifetime",
        type=float,
        default=LIFETIME_S,
        help="seconds after which an unused block expires (default %(default)s)",
    )
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="exit when standard input closes",
    )
    return parser.parse_args(arguments)


def exit_now() -> None:
    os._exit(0)


def exit_when_stdin_closes() -> None:
    while True:
        wait_read(0)
        if not os.read(0, 4096):
            exit_now()


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    shared_keys = [key for keys in options.organisation for key in keys]
    keys = [*(options.key or []), *shared_keys]
    state = State(
        frozenset(keys or [DEFAULT_KEY]),
        options.tokens_per_second,
        organisations=Organisations(options.organisation),
        quotas=Quotas(options.tier, options.refill),
        cache=PromptCache(options.cache_block_tokens, options.cache_lifetime),
        clock=Clock(options.clock_speed),
    )
    server = Server((options.host, options.port), state)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, exit_now)
    if options.until_stdin_closes:
        gevent.spawn(exit_when_stdin_closes)
    print(f"fake_cerebras listening on {server.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
