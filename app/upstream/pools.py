"""urllib3's pools, with connections of ours, and requests' adapter, with these."""

from __future__ import annotations

import logging
import queue
from collections import deque
from dataclasses import replace
from functools import cache, partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager, ProxyManager, connectionpool
from urllib3.exceptions import ConnectTimeoutError

from app import insides
from app.http1.cancel import CancelToken
from app.http1.errors import is_disconnect
from app.http1.framing import Unsized
from app.http1.head import Head
from app.insides import Needed
from app.upstream.body import Source
from app.upstream.connection import (
    HTTPConnection,
    HTTPSConnection,
    Request,
    RequestBody,
)

log = logging.getLogger(__name__)


class Stack:
    """A queue.LifoQueue for pools that block nobody: it needs no lock."""

    def __init__(self, maxsize: int) -> None:
        self._items: deque[Any] = deque()
        self._maxsize = maxsize

    def get(self, block: bool = False, timeout: float | None = None) -> Any:
        try:
            return self._items.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, item: Any, block: bool = False, timeout: float | None = None) -> None:
        if len(self._items) >= self._maxsize:
            raise queue.Full
        self._items.append(item)

    def qsize(self) -> int:
        return len(self._items)


class HTTPConnectionPool(connectionpool.HTTPConnectionPool):
    """A pool that lends its connections to whoever knows how to use them."""

    ConnectionCls: Any = HTTPConnection
    QueueCls: Any = Stack

    def exchange(
        self,
        request: Request,
        body: RequestBody,
        cancel: CancelToken,
        connect_s: float,
        wait_s: float,
        *,
        fresh: bool = False,
    ) -> tuple[Head, Source]:
        """Send; the head of the answer, and where its body comes from.

        At once and at no cost again on a fresh connection if a kept one proves stale.
        """
        conn = self._lend(cancel, fresh)
        kept = not conn.is_closed
        forwards = not request.target.startswith("/")  # a proxy, told by the whole URL
        if forwards and self.proxy_headers:
            headers = {**request.headers, **self.proxy_headers}
            request = replace(request, headers=headers)
        try:
            if not kept:
                tunnels = self.proxy is not None and not forwards
                self._connect(conn, connect_s, tunnels=tunnels)
            head, framing, reader = conn.exchange(request, body, wait_s)
        except BaseException as error:
            self._throw_away(conn)
            cancel.detach()
            if cancel.cancelled or not kept or not is_disconnect(error):
                raise
        else:
            throw_away = partial(self._throw_away, conn)
            stays = head.stays and not isinstance(framing, Unsized)
            hand_back = partial(self._put_conn, conn) if stays else throw_away
            return head, Source(reader.read, framing, hand_back, throw_away)
        return self.exchange(request, body, cancel, connect_s, wait_s, fresh=True)

    def _lend(self, cancel: CancelToken, fresh: bool) -> HTTPConnection:
        """A kept connection, or one that is still to be connected."""
        conn: Any = self._get_conn()
        conn.cancel = cancel
        if fresh:
            conn.close()
        return conn  # type: ignore[no-any-return]  # of ConnectionCls

    def _connect(
        self, conn: HTTPConnection, connect_s: float, *, tunnels: bool
    ) -> None:
        """Through the proxy, if there is one, and TLS; the time is for each step."""
        conn.timeout = connect_s
        try:
            if tunnels:
                self._prepare_proxy(conn)
            self._validate_conn(conn)
            if conn.is_closed:
                conn.connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(conn, "no tunnel, or no TLS") from error

    def _throw_away(self, conn: HTTPConnection) -> None:
        """Its place is left to a new one."""
        conn.close()
        self._put_conn(conn)


class HTTPSConnectionPool(HTTPConnectionPool, connectionpool.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls: Any = HTTPSConnection


POOLS = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}

NEEDED: Needed = {
    "urllib3.connection:HTTPConnection._new_conn": set(),
    "urllib3.connectionpool:HTTPConnectionPool._get_conn": set(),
    "urllib3.connectionpool:HTTPConnectionPool._put_conn": {"conn"},
    "urllib3.connectionpool:HTTPConnectionPool._prepare_proxy": {"conn"},
    "urllib3.connectionpool:HTTPConnectionPool._validate_conn": {"conn"},
}


class Adapter(HTTPAdapter):
    """Our pools in place of urllib3's own, behind a proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        use_ours(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        use_ours(manager)
        return manager

    def pool_for(
        self,
        request: requests.PreparedRequest,
        proxies: dict[str, str],
        verify: Any,
    ) -> connectionpool.HTTPConnectionPool:
        """The pool of all requests to one host, as requests would find it for each."""
        pool: Any = self.get_connection_with_tls_context(request, verify, proxies)
        check: Any = self.cert_verify
        check(pool, request.url, verify, None)
        return pool  # type: ignore[no-any-return]  # one of POOLS


def use_ours(manager: Any) -> None:
    """Unless urllib3 has changed; SOCKS has pools of its own kind."""
    if type(manager) in (PoolManager, ProxyManager) and is_as_expected():
        manager.pool_classes_by_scheme = POOLS


@cache
def is_as_expected() -> bool:
    """Is urllib3 what our pools were written for? If not, its own serve."""
    missing = insides.missing(NEEDED)
    if missing:
        log.warning(
            "%s changed: each event costs a read of its own, and who leaves is waited "
            "for; install the versions of requirements.txt",
            ", ".join(missing),
        )
    return not missing
