"""Run code that behaves differently under gevent, in a process patched by gevent.

A test calls `run_scene("disconnect")`, which starts this file as a program. The
program runs the function of that name in `SCENES` and prints its result as JSON.
"""

if __name__ == "__main__":
    from gevent import monkey

    monkey.patch_all()

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
import pytest

from app.errors import InvalidRequest
from app.http.client_watch import watch
from app.inference.offload import offload
from tests.processes import PROJECT

TIMEOUT_S = 5
SHORT_S = 0.1  # waited for an event that must not come
BUSY_S = 0.3

RunScene = Callable[[str], dict[str, Any]]
StopWatch = Callable[[], None]


@pytest.fixture(scope="session")
def run_scene() -> RunScene:
    """Return a function that runs a scene in a new process and returns its result."""

    def run(scene: str) -> dict[str, Any]:
        program = subprocess.run(
            [sys.executable, "-m", "tests.gevent_scenes", scene],
            check=False,
            cwd=PROJECT,
            env=os.environ | {"COVERAGE_CONCURRENCY": "gevent"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (program.returncode, program.stderr) == (0, "")
        result: dict[str, Any] = json.loads(program.stdout)
        return result

    return run


def watch_client(
    act: Callable[[socket.socket, StopWatch], None], timeout_s: float
) -> dict[str, Any]:
    """Return whether the watch reports a disconnect after the client's action."""
    server_socket, client_socket = socket.socketpair()
    gone = threading.Event()
    stop = watch({"gunicorn.socket": server_socket}, gone.set)
    with server_socket, client_socket:
        act(client_socket, stop)
        noticed = gone.wait(timeout_s)
    stop()
    stop()
    return {"noticed": noticed}


def disconnect(client_socket: socket.socket, stop: StopWatch) -> None:
    gevent.sleep(0)
    client_socket.close()


def send_more(client_socket: socket.socket, stop: StopWatch) -> None:
    client_socket.send(b"GET / HTTP/1.1\r\n")
    gevent.sleep(0.05)
    client_socket.close()


def end_watch(client_socket: socket.socket, stop: StopWatch) -> None:
    stop()
    client_socket.close()


def read_meanwhile() -> dict[str, Any]:
    """Return whether a disconnect is noticed after another greenlet read the data."""
    server_socket, client_socket = socket.socketpair()
    gone = threading.Event()
    reader = gevent.spawn(server_socket.recv, 1)
    gevent.sleep(0)  # the reader waits before the watch does
    stop = watch({"gunicorn.socket": server_socket}, gone.set)
    with server_socket, client_socket:
        client_socket.send(b"x")
        data = reader.get(timeout=TIMEOUT_S)
        noticed_early = gone.wait(SHORT_S)
        client_socket.close()
        noticed = gone.wait(TIMEOUT_S)
    stop()
    return {"data": data.decode(), "early": noticed_early, "noticed": noticed}


def offload_work() -> dict[str, Any]:
    """Return how often another greenlet ran meanwhile, and the error of a refusal."""
    turns = 0

    def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0.01)

    counter = gevent.spawn(count_turns)
    offload(block_thread)
    counter.kill()
    try:
        offload(refuse)
    except InvalidRequest as error:
        return {"turns": turns, "refused": error.message}
    return {"turns": turns}


def block_thread() -> None:
    until = time.monotonic() + BUSY_S
    while time.monotonic() < until:
        pass


def refuse() -> None:
    raise InvalidRequest("no")


SCENES: dict[str, Callable[[], dict[str, Any]]] = {
    "disconnect": partial(watch_client, disconnect, TIMEOUT_S),
    "send_more": partial(watch_client, send_more, SHORT_S),
    "end_watch": partial(watch_client, end_watch, SHORT_S),
    "read_meanwhile": read_meanwhile,
    "offload_work": offload_work,
}

if __name__ == "__main__":
    print(json.dumps(SCENES[sys.argv[1]]()))
