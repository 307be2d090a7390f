"""Run one scene of test_gevent.py under gevent's patches, and print its result as JSON.

Usage: python -m tests.http1.under_gevent SCENE URL
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 - after the patch
import os  # noqa: E402
import select  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from time import monotonic  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from app.errors import Cancelled, UpstreamError  # noqa: E402
from app.http1 import readiness  # noqa: E402
from app.http1.cancel import CancelToken  # noqa: E402
from app.http1.client import HTTPClient, ResponseBody  # noqa: E402

MAX_BODY_BYTES = 1 << 24
SETTLE_S = 0.1  # until the client waits for what the test's server sends next


def make_client(url: str) -> HTTPClient:
    return HTTPClient(url, pool_size=64, connect_timeout_s=20, peer="it")


def open_body(client: HTTPClient, cancel: CancelToken) -> ResponseBody:
    return client.send(client.make_request("GET", "/v1", {}), cancel, 20).body


def cancel_after_stdin(cancel: CancelToken, cancelled_at: list[float]) -> None:
    """Cancel in the hub, where nothing may block, once standard input has ended."""

    def cancel_now() -> None:
        cancelled_at.append(monotonic())
        cancel.cancel()

    select.select([sys.stdin], [], [])
    gevent.sleep(SETTLE_S)
    gevent.get_hub().loop.run_callback(cancel_now)


def cancel(url: str) -> dict[str, Any]:
    """Return how long a request lasts after its token was cancelled."""
    cancel = CancelToken()
    cancelled_at: list[float] = []
    gevent.spawn(cancel_after_stdin, cancel, cancelled_at)
    client = make_client(url)
    descriptors = os.listdir("/proc/self/fd")
    try:
        open_body(client, cancel).read_all(MAX_BODY_BYTES)
    except Cancelled:
        took_s = monotonic() - cancelled_at[0]
        left_open = len(os.listdir("/proc/self/fd")) - len(descriptors)
        return {"took_s": took_s, "left_open": left_open}
    return {}


class LateCancelToken(CancelToken):
    """Cancels a request at the moment at which its connection is open."""

    def wait(self, event: threading.Event, seconds: float | None = None) -> None:
        super().wait(event, seconds)
        self.cancel()
        self.raise_if_cancelled()


def cancel_when_connected(url: str) -> dict[str, Any]:
    """Return how many descriptors a cancelled request leaves open."""
    cancel, client = LateCancelToken(), make_client(url)
    descriptors = os.listdir("/proc/self/fd")
    try:
        open_body(client, cancel)
    except Cancelled:
        return {"left_open": len(os.listdir("/proc/self/fd")) - len(descriptors)}
    return {}


def fetch_many(url: str) -> dict[str, Any]:
    """Return the bodies of many requests, one after another and all at once."""
    client = make_client(url)

    def fetch() -> str:
        return open_body(client, CancelToken()).read_all(MAX_BODY_BYTES).decode()

    in_a_row = [fetch() for _ in range(5)]
    at_once = [gevent.spawn(fetch) for _ in range(50)]
    gevent.joinall(at_once, raise_error=True)
    return {"bodies": sorted({*in_a_row, *[each.value for each in at_once]})}


def read_silence(url: str) -> dict[str, Any]:
    body = open_body(make_client(url), CancelToken())
    pieces = [body.read(0.05).decode() for _ in range(3)]
    body.close()
    return {"pieces": pieces}


def fail(url: str) -> dict[str, Any]:
    try:
        open_body(make_client(url), CancelToken()).read_all(MAX_BODY_BYTES)
    except UpstreamError as error:
        return {"error": error.message}
    return {}


def inspect_readiness(url: str) -> dict[str, Any]:
    """Return whether gevent's internals are those that readiness.py uses."""
    gevent.sleep(0)  # starts the hub
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return {
            "waits": readiness.read_waiter(ours) is not readiness.no_wait,
            "unwrapped": readiness.unwrapped(ours) is not ours,
        }


if __name__ == "__main__":
    scenes = (
        *(cancel, cancel_when_connected, fetch_many),
        *(read_silence, fail, inspect_readiness),
    )
    scene = {each.__name__: each for each in scenes}[sys.argv[1]]
    print(json.dumps(scene(sys.argv[2])))
