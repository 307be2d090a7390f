"""The sockets of the pooled session, told to the request that waits for them.

An attempt is put into `current` around `Session.send`; connections and pools find it
there, so that a client who leaves can end connecting, TLS, sending and waiting alike.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3 import connection, connectionpool

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


class HTTPConnection(connection.HTTPConnection):
    """A connection that says what it waits for."""

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
        super().request(*args, **kwargs)

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


class Session(requests.Session):
    """Takes no key, cookie, proxy or direction from anyone but us."""

    def __init__(self, pool_size: int) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
        adapter = Adapter(pool_maxsize=pool_size)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere; to find the next request, requests would read the whole body."""
