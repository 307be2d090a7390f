"""A program for test_client_watch.py and test_offload.py: run what gevent changes.

It takes the name of a scene, and prints what happened as JSON.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 - the patch comes first
import socket  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from app.errors import InvalidRequest  # noqa: E402
from app.http.client_watch import watch  # noqa: E402
from app.inference.offload import offload  # noqa: E402

TIMEOUT_S = 5
BUSY_S = 0.3


def watched(leave: Any) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    gone = threading.Event()
    stop = watch({"gunicorn.socket": ours}, gone.set)
    with ours, theirs:
        leave(theirs, stop)
        told = gone.wait(TIMEOUT_S if leave is hang_up else 0.1)
    stop()
    stop()
    return {"told": told}


def hang_up(theirs: socket.socket, stop: Any) -> None:
    gevent.sleep(0)
    theirs.close()


def send_more(theirs: socket.socket, stop: Any) -> None:
    theirs.send(b"GET / HTTP/1.1\r\n")
    gevent.sleep(0.05)
    theirs.close()


def end_the_watch(theirs: socket.socket, stop: Any) -> None:
    stop()
    theirs.close()


def work() -> str:
    """Holds up the thread that it runs in."""
    until = time.monotonic() + BUSY_S
    while time.monotonic() < until:
        pass
    return threading.current_thread().name


def refuse() -> None:
    raise InvalidRequest("no")


def offloaded() -> dict[str, Any]:
    """How often another greenlet ran meanwhile, and what became of a refusal."""
    turns = 0

    def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0.01)

    counter = gevent.spawn(count)
    offload(work)
    counter.kill()
    try:
        offload(refuse)
    except InvalidRequest as error:
        return {"turns": turns, "refused": error.message}
    return {"turns": turns}


if __name__ == "__main__":
    scene = globals()[sys.argv[1]]
    print(json.dumps(offloaded() if scene is offloaded else watched(scene)))
