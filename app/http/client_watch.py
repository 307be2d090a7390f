"""Watch the client's connection while its request waits for something else.

Under gevent a watcher of the hub's event loop does it, otherwise a thread.
"""

import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from gevent import get_hub

from app.http1 import readiness

Stop = Callable[[], None]


def watch(environ: Mapping[str, Any], on_gone: Callable[[], None]) -> Stop:
    """Call `on_gone` once if the client disconnects; return how to stop the watch."""
    sock: Any = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if sock is None or (number := sock.fileno()) < 0:
        return lambda: None
    plain_socket: Any = readiness.unwrapped(sock)
    if plain_socket is not sock:
        return _watch_in_hub(plain_socket, number, on_gone)
    return _watch_in_thread(sock, on_gone)


def is_gone(sock: socket.socket) -> bool | None:
    """Return whether the peer has disconnected; None if it sent a pipelined request."""
    try:
        data = sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return None if data else True


def _watch_in_hub(
    plain_socket: socket.socket, number: int, on_gone: Callable[[], None]
) -> Stop:
    """Watch under gevent, whose own sockets must not be read in the hub."""
    watcher = get_hub().loop.io(number, 1)

    def stop() -> None:
        watcher.stop()
        watcher.close()

    def readable() -> None:
        gone = is_gone(plain_socket)
        if gone is not False:
            watcher.stop()
        if gone:
            on_gone()

    watcher.start(readable)
    return stop


def _watch_in_thread(sock: socket.socket, on_gone: Callable[[], None]) -> Stop:
    wake, stop = socket.socketpair()

    def run() -> None:
        with wake, selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select()}
        if wake not in ready and is_gone(sock):
            on_gone()

    threading.Thread(target=run, name="watch", daemon=True).start()
    return stop.close
