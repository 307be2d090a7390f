"""A program for test_gevent.py: the client under gevent, as gunicorn runs it.

It takes a base URL and the name of a scene, and prints what happened as JSON.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 - the patch comes first
import select  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
from time import monotonic  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from app.errors import Cancelled, UpstreamError  # noqa: E402
from app.http1 import readiness  # noqa: E402
from app.http1.cancel import CancelToken  # noqa: E402
from app.upstream.cerebras import Cerebras  # noqa: E402

REQUEST: dict[str, Any] = {"model": "m", "messages": []}
SILENCE_S = 0.1


def client(base_url: str) -> Cerebras:
    return Cerebras(
        base_url=base_url,
        api_keys=("csk-secret",),
        pool_size=64,
        connect_timeout_s=2,
        idle_timeout_s=20,
        retry_wait_s=20,
        tick_s=0.1,
    )


def trip_when_told(cancel: CancelToken, left: list[float]) -> None:
    """Once standard input ends, leave; in the hub, where nothing may wait."""

    def leave() -> None:
        left.append(monotonic())
        cancel.cancel()

    select.select([sys.stdin], [], [])
    gevent.sleep(SILENCE_S)
    gevent.get_hub().loop.run_callback(leave)


def leave(base_url: str) -> dict[str, Any]:
    """How long a request outlives its client; only if others run can it end at all."""
    cancel = CancelToken()
    left: list[float] = []
    gevent.spawn(trip_when_told, cancel, left)
    try:
        list(client(base_url).stream(REQUEST, cancel))
    except Cancelled:
        return {"took_s": monotonic() - left[0]}
    return {}


def listen(base_url: str) -> dict[str, Any]:
    """The sizes of the first three lists."""
    stream = client(base_url).stream(REQUEST, CancelToken())
    sizes = [len(next(stream)) for _ in range(3)]
    stream.close()
    return {"sizes": sizes}


def text_of(base: Cerebras) -> str:
    chosen = [
        choice.delta
        for batch in base.stream(REQUEST, CancelToken())
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


def wait_first(base_url: str) -> dict[str, Any]:
    client(base_url).models()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return {
            "waits": readiness.read_waiter(ours) is not readiness.no_wait,
            "unwrapped": readiness.unwrapped(ours) is not ours,
        }


if __name__ == "__main__":
    scenes = {
        scene.__name__: scene for scene in (leave, listen, many, fail, wait_first)
    }
    print(json.dumps(scenes[sys.argv[2]](sys.argv[1])))
