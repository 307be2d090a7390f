"""Connect to one origin, and keep idle connections for later requests."""

import errno
import os
import re
import socket
import ssl
import threading
import weakref
from collections import deque
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import gevent
import requests
from gevent import monkey
from requests.certs import where  # type: ignore[attr-defined]  # not in the stubs
from requests.utils import get_auth_from_url, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.util import Url, create_urllib3_context, make_headers, parse_url

from app.http1.cancel import CancelToken
from app.http1.connection import Connection
from app.http1.errors import CannotConnect

DEFAULT_PORTS = {"http": 80, "https": 443}
# http.client reports a proxy's refusal of CONNECT in the text of an OSError only.
TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})")
IPV6_ZONE = re.compile(r"%[^\]]*\]")  # has a meaning on this machine only


class Connector:
    """Opens sockets to one origin, directly or through the environment's proxy.

    The environment is read once, in the constructor, by the rules of `requests`
    (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`,
    `CURL_CA_BUNDLE`). urllib3 connects through it.

    Attributes:
        host: The value of the Host header.
        target_prefix: What precedes the path in a request target; the origin if a proxy
            forwards the requests, else "".
        request_headers: What requests need for a forwarding proxy.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        """`timeout_s` is for each step: TCP, the proxy's response, TLS."""
        self._origin = parse_url(url)
        self._timeout_s = timeout_s
        self._proxy, self._ca_bundle = read_environment(url)
        self._proxy_headers = proxy_authorization(self._proxy) if self._proxy else {}
        self._forwards = bool(self._proxy) and self._origin.scheme == "http"
        self.host = IPV6_ZONE.sub("]", self._origin.netloc or "")
        self.target_prefix = f"http://{self.host}" if self._forwards else ""
        self.request_headers = self._proxy_headers if self._forwards else {}

    def connect(self, cancel: CancelToken) -> socket.socket:
        """Return a connected socket, its TLS handshake done.

        Under gevent the token cancels every step. While urllib3 connects there is no
        socket to shut down, so a separate greenlet connects, which can be killed. Under
        plain threads a cancelled request ends once it is connected.

        Raises:
            CannotConnect: The settings are unusable.
            HTTPError, HTTPException, OSError: Connecting failed.
        """
        if not monkey.is_module_patched("socket"):
            return self._connect()
        finished = threading.Event()
        greenlet = gevent.spawn(self._connect_or_return_error)
        greenlet.link(lambda _: finished.set())
        try:
            cancel.wait(finished)
        except BaseException:
            greenlet.kill()
            if isinstance(greenlet.value, socket.socket):
                greenlet.value.close()
            raise
        outcome = greenlet.value
        if isinstance(outcome, Exception):
            raise outcome
        assert outcome is not None, "only this function kills the greenlet"
        return outcome

    def _connect_or_return_error(self) -> socket.socket | Exception | None:
        """Connect in a greenlet; gevent would print the traceback of a raised error."""
        try:
            return self._connect()
        except Exception as error:
            return error
        except gevent.GreenletExit:  # killed; without its traceback the socket closes
            return None

    def _connect(self) -> socket.socket:
        connection = self._new_connection()
        try:
            connection.connect()
        except BaseException as error:
            connection.close()
            if refusal := TUNNEL_REFUSED.match(str(error)):
                text = f"the proxy refused to connect ({refusal[1]})"
                raise OSError(errno.EPROTO, text) from None
            raise
        return connection.sock

    def _new_connection(self) -> HTTPConnection:
        origin = self._origin
        if not self._proxy:
            return self._connection_to(origin)
        proxy = parse_url(self._proxy)
        if not proxy.host:
            raise CannotConnect("the proxy URL has no host")
        if proxy.scheme not in DEFAULT_PORTS:
            raise CannotConnect(
                f"{proxy.scheme}:// proxies are not supported: use an HTTP proxy"
            )
        if self._forwards:
            return self._connection_to(proxy)
        connection = self._connection_to(proxy, tunnel=True)
        connection.set_tunnel(
            (origin.host or "").strip("[]"),
            origin.port or DEFAULT_PORTS["https"],
            headers=self._proxy_headers,
            scheme=proxy.scheme,
        )
        return connection

    def _connection_to(self, url: Url, *, tunnel: bool = False) -> HTTPConnection:
        """Return an unconnected connection; with a tunnel it has TLS in any case."""
        settings: dict[str, Any] = {
            "host": (url.host or "").strip("[]"),
            "port": url.port or DEFAULT_PORTS[url.scheme or "http"],
            "timeout": self._timeout_s,
        }
        if url.scheme != "https" and not tunnel:
            return HTTPConnection(**settings)
        if url.scheme == "https" and tunnel:
            settings["proxy_config"] = ProxyConfig(
                ssl_context=self._tls_context,
                use_forwarding_for_https=False,
                assert_hostname=None,
                assert_fingerprint=None,
            )
        return HTTPSConnection(**settings, ssl_context=self._tls_context)

    @cached_property
    def _tls_context(self) -> ssl.SSLContext:
        """One context for all connections: to load the certificates takes 10 ms."""
        context = create_urllib3_context()
        try:
            if os.path.isdir(self._ca_bundle):
                context.load_verify_locations(capath=self._ca_bundle)
            else:
                context.load_verify_locations(cafile=self._ca_bundle)
        except OSError:
            raise CannotConnect(
                "the file of REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE cannot be read"
            ) from None
        return context


def read_environment(url: str) -> tuple[str | None, str]:
    """Return the proxy URL, if any, and the path of the CA bundle for a URL."""
    with requests.Session() as session:
        settings = session.merge_environment_settings(url, {}, True, None, None)
    proxy = select_proxy(url, settings["proxies"])
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    ca_bundle = settings["verify"]
    return proxy, where() if ca_bundle is True else str(ca_bundle)


def proxy_authorization(proxy_url: str) -> dict[str, str]:
    """Return the header for the credentials in a proxy's URL, {} if it has none."""
    username, password = get_auth_from_url(proxy_url)
    if not username:
        return {}
    return make_headers(proxy_basic_auth=f"{username}:{password}")


class ConnectionPool:
    """Idle connections to one origin; the one that was used last is taken first."""

    def __init__(self, max_idle: int) -> None:
        self._idle: deque[Connection] = deque()
        self._max_idle = max_idle
        weakref.finalize(self, close_all, self._idle)

    def take(self) -> Connection | None:
        """Return a connection that the server has not closed, as far as is known."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.is_idle():
                return connection
            connection.close()

    def put(self, connection: Connection) -> None:
        """Keep a connection for later requests, or close it if it is not reusable."""
        if connection.reusable and len(self._idle) < self._max_idle:
            self._idle.append(connection)
        else:
            connection.close()


def close_all(connections: Iterable[Connection]) -> None:
    """Close the idle connections of a pool that is no longer in use."""
    for connection in connections:
        connection.close()
