"""A program for test_gevent.py: the client under gevent, as gunicorn runs it.

It takes a base URL and the name of a scene, and prints what happened as JSON.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 - the patch comes first
import socket  # noqa: E402
import sys  # noqa: E402
from time import monotonic  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from app.errors import Cancelled, UpstreamError  # noqa: E402
from app.upstream import socketread  # noqa: E402
from app.upstream.cancel import Cancel  # noqa: E402
from app.upstream.cerebras import Cerebras  # noqa: E402

REQUEST: dict[str, Any] = {"model": "m", "messages": []}
LEAVES_AFTER_S = 0.3


def client(base_url: str) -> Cerebras:
    return Cerebras(
        base_url=base_url,
        api_key="csk-secret",
        pool_size=64,
        connect_timeout_s=2,
        idle_timeout_s=20,
        retry_wait_s=20,
        tick_s=0.1,
    )


def trip_in_hub(cancel: Cancel) -> list[float]:
    """Leave soon, in a callback of the hub, where nothing may wait."""
    timer = gevent.get_hub().loop.timer(LEAVES_AFTER_S)
    left: list[float] = []

    def leave() -> None:
        left.append(monotonic())
        cancel.trip()
        timer.close()

    timer.start(leave)
    return left


def leave(base_url: str) -> dict[str, Any]:
    """How long a request outlives its client, and what else ran meanwhile."""
    cancel = Cancel()
    left = trip_in_hub(cancel)
    turns: list[float] = []
    others = gevent.spawn(count, turns)
    batches = []
    try:
        for batch in client(base_url).stream(REQUEST, cancel):
            batches.append(len(batch))
    except Cancelled:
        took = monotonic() - left[0]
    others.kill()
    return {"took_s": took, "batches": batches, "turns": len(turns)}


def count(turns: list[float]) -> None:
    while True:
        gevent.sleep(0.01)
        turns.append(monotonic())


def text_of(base: Cerebras) -> str:
    chosen = [
        choice.delta
        for batch in base.stream(REQUEST, Cancel())
        for chunk in batch
        for choice in chunk.choices or ()
    ]
    return "".join([delta.content or "" for delta in chosen if delta])


def many(base_url: str) -> dict[str, Any]:
    """What a crowd of streams said, one after another and all at once."""
    base = client(base_url)
    in_a_row = [text_of(base) for _ in range(5)]
    crowd = [gevent.spawn(text_of, base) for _ in range(50)]
    gevent.joinall(crowd, raise_error=True)
    return {"texts": sorted({*in_a_row, *[one.value for one in crowd]})}


def fail(base_url: str) -> dict[str, Any]:
    try:
        text_of(client(base_url))
    except UpstreamError as error:
        return {"error": error.message}
    return {}


def wait_first(_: str) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return {"waits": socketread.waiter(ours) is not socketread.no_wait}


if __name__ == "__main__":
    scenes = {scene.__name__: scene for scene in (leave, many, fail, wait_first)}
    print(json.dumps(scenes[sys.argv[2]](sys.argv[1])))
