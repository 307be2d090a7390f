"""The sockets of the pool, told to the request that waits for them.

An attempt is put into `current` around `urlopen`; connections and pools find it there,
so that a client who leaves can end connecting, TLS, sending and waiting alike.
"""

from __future__ import annotations

import select
from contextvars import ContextVar
from dataclasses import dataclass
from http import client
from socket import socket
from typing import Any

import requests
from gevent import monkey
from requests.adapters import HTTPAdapter
from urllib3 import Timeout, connection, connectionpool

from app.errors import Cancelled
from app.upstream.cancel import Cancel


@dataclass
class Attempt:
    """One sending of one request."""

    cancel: Cancel
    idle_timeout_s: float  # also what sending all of a large body may take
    fresh: bool = False  # never on a connection that has been used
    reused: bool = False
    connected: bool = False


current: ContextVar[Attempt] = ContextVar("current")

MOST_JOINED = 64 * 1024  # bytes of a body that is copied behind its head

# Nothing is waited for: gevent's own would set up watchers all the same.
poll = monkey.get_original("select", "poll")


class HTTPConnection(connection.HTTPConnection):
    """A connection that says what it waits for."""

    _joins = False  # whether a small body is to follow the head
    _head = b""

    @property
    def is_connected(self) -> bool:
        """A kept connection has nothing to say, not even that it ends."""
        if self.sock is None:
            return False
        asked = poll()
        asked.register(self.sock, select.POLLIN)
        return not asked.poll(0)

    def _new_conn(self) -> socket:
        sock = super()._new_conn()
        try:
            current.get().cancel.hold(sock)
        except Cancelled:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        super().connect()
        self._be_patient(current.get())

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self._be_patient(current.get())
            current.get().cancel.hold(self.sock)
        body = kwargs.get("body")
        self._joins = isinstance(body, bytes) and 0 < len(body) <= MOST_JOINED
        super().request(*args, **kwargs)

    def send(self, data: Any) -> None:
        """The head of a request waits for a small body: both leave in one write."""
        if self._joins:
            self._joins, self._head = False, data
            return
        head, self._head = self._head, b""
        super().send(head + data if head else data)

    def putheader(self, *args: Any) -> None:
        """As it is: urllib3 would look for marks that we never set."""
        client.HTTPConnection.putheader(self, *args)

    def _be_patient(self, attempt: Attempt) -> None:
        """urllib3 would let the connect timeout bound all of the sending as well."""
        attempt.connected = True
        self.timeout = attempt.idle_timeout_s
        self.sock.settimeout(self.timeout)


class HTTPSConnection(HTTPConnection, connection.HTTPSConnection):
    """The same over TLS."""


class HTTPConnectionPool(connectionpool.HTTPConnectionPool):
    """A pool that says whether a connection has been used before."""

    ConnectionCls = HTTPConnection

    def _get_timeout(self, timeout: Any) -> Timeout:
        """As it is: each request brings its own, and urllib3 would copy it twice."""
        if isinstance(timeout, Timeout):
            return timeout
        return super()._get_timeout(timeout)

    def _get_conn(self, timeout: float | None = None) -> Any:
        conn = super()._get_conn(timeout)
        attempt = current.get()
        if attempt.fresh:
            conn.close()
        attempt.reused = not conn.is_closed
        return conn


class HTTPSConnectionPool(HTTPConnectionPool, connectionpool.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = HTTPSConnection


POOLS = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}


class Adapter(HTTPAdapter):
    """Our pools in place of urllib3's own, behind a proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def pool_for(
        self,
        request: requests.PreparedRequest,
        proxies: dict[str, str],
        verify: Any,
    ) -> HTTPConnectionPool:
        """The pool of all requests to one host, as requests would find it for each."""
        pool: Any = self.get_connection_with_tls_context(request, verify, proxies)
        check: Any = self.cert_verify
        check(pool, request.url, verify, None)
        return pool  # type: ignore[no-any-return]  # one of POOLS
