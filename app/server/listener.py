"""Accept connections on a listening socket and serve each in a greenlet.

gevent's `StreamServer` accepts, one connection at a time where several workers share
the socket. Its `close()` would reset the connections of the backlog, whose clients are
connected already; `Listener.close` serves them first.
"""

from collections.abc import Callable

from gevent.pool import Pool
from gevent.server import StreamServer
from gevent.socket import socket

Serve = Callable[[socket, object], None]  # takes a connection and its client's address


class Listener:
    """Serves at most `max_connections` at once; others wait in the backlog."""

    def __init__(
        self, sock: socket, serve: Serve, max_connections: int, *, shared: bool
    ) -> None:
        sock.setblocking(True)
        self._sock = sock
        self._serve = serve
        self._pool = Pool(max_connections)
        self._server = StreamServer(sock, handle=serve, spawn=self._pool)
        if shared:
            self._server.max_accept = 1
        self._server.start()
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether a connection is open."""
        return len(self._pool) > 0

    def close(self) -> None:
        """Accept the connections of the backlog, then stop listening."""
        if self._closed:
            return
        self._closed = True
        self._sock.settimeout(0)
        while not self._pool.full():
            try:
                connection, address = self._sock.accept()
            except OSError:  # BlockingIOError: the backlog is empty
                break
            self._pool.spawn(self._serve, connection, address)
        self._server.close()
