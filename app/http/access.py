"""Who may use the server: checks of `Origin`, `Host` and access token.

Each check runs before the view and returns a response if it ends the request.
"""

import functools
import hashlib
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from hmac import compare_digest

from flask import Request, Response, g

from app.errors import AccessDenied
from app.http import responses

log = logging.getLogger(__name__)

OPEN_PATHS = ("/healthz", "/readyz")
LOCAL_SUFFIXES = (".localhost", ".local", ".internal")
LOCAL_ORIGINS = tuple(
    f"{scheme}://{host}{port}"
    for host in ("localhost", "127.0.0.1", "0.0.0.0")
    for scheme in ("http", "https")
    for port in ("", ":*")
)
APP_ORIGINS = (
    "app://*",
    "file://*",
    "tauri://*",
    "vscode-webview://*",
    "vscode-file://*",
)
ALLOWED_HEADERS = (
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,"
    "X-Api-Key,Anthropic-Version,Anthropic-Beta,"
    "Anthropic-Dangerous-Direct-Browser-Access,"
    "X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,"
    "X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,"
    "X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,"
    "X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout"
)
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS",
    "Access-Control-Allow-Headers": ALLOWED_HEADERS,
    "Access-Control-Max-Age": "43200",
}
PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


class OriginPolicy:
    """Decides which web pages may call this server, and adds the CORS headers."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._is_allowed = origin_matcher((*origins, *LOCAL_ORIGINS, *APP_ORIGINS))
        self._allows_all = "*" in origins

    def check(self, request: Request) -> Response | None:
        """Return 403 for a page that may not call, 204 for a preflight, else None."""
        origin = foreign_origin(request)
        if origin is None:
            return None
        if not self._is_allowed(origin):
            return responses.empty(403)
        if request.method == "OPTIONS":
            return responses.empty(204, PREFLIGHT_HEADERS)
        return None

    def add_headers(self, request: Request, response: Response) -> None:
        """Add the CORS headers for an allowed foreign page."""
        origin = foreign_origin(request)
        if origin is None or not self._is_allowed(origin):
            return
        response.headers["Access-Control-Allow-Origin"] = (
            "*" if self._allows_all else origin
        )
        if not self._allows_all:
            is_preflight = request.method == "OPTIONS"
            response.headers["Vary"] = PREFLIGHT_VARY if is_preflight else "Origin"


def foreign_origin(request: Request) -> str | None:
    """Return the `Origin` header, None if it is absent or this server itself."""
    origin = request.headers.get("Origin")
    host = request.headers.get("Host")
    if not origin or origin in (f"http://{host}", f"https://{host}"):
        return None
    return origin


def origin_matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return a predicate for origins, which browsers write in lower case.

    A pattern may contain one `*`.
    """
    patterns = [pattern.lower() for pattern in patterns]
    exact = {pattern for pattern in patterns if "*" not in pattern}
    split = [pattern.partition("*") for pattern in patterns if "*" in pattern]

    def allows(origin: str) -> bool:
        return origin in exact or any(
            len(origin) >= len(start) + len(end)
            and origin.startswith(start)
            and origin.endswith(end)
            for start, _, end in split
        )

    return allows


class HostPolicy:
    """Decides which `Host` a request to a loopback address may have."""

    def __init__(self, allowed_hosts: Sequence[str]) -> None:
        self._allows_all = "*" in allowed_hosts
        self._names = {"", "localhost", socket.gethostname().lower()}
        self._names.update(host.lower() for host in allowed_hosts)

    def check(self, request: Request) -> Response | None:
        """Return 403 for an unknown Host, 204 for OPTIONS of a known one, else None."""
        if self._allows_all or not is_loopback(request.environ.get("SERVER_NAME", "")):
            return None
        host = without_port(request.headers.get("Host", ""))
        if is_own_address(host):
            return None
        if host.lower() in self._names or host.lower().endswith(LOCAL_SUFFIXES):
            return responses.empty(204) if request.method == "OPTIONS" else None
        log.warning(
            "refused Host %r: behind a proxy or a public name, set ALLOWED_HOSTS", host
        )
        return responses.empty(403)


def without_port(host: str) -> str:
    """Return the host of a `Host` header, an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


@functools.lru_cache
def is_loopback(host: str) -> bool:
    """Return whether a host name or IP address is this machine's loopback interface.

    The only name that counts is `localhost`; no name is looked up.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_own_address(host: str) -> bool:
    """Return whether the host is an IP address of this machine or a private one.

    A page from elsewhere cannot have such a Host by DNS rebinding.
    """
    address = parse_ip(host)
    if address is None:
        return False
    if address.is_loopback or address.is_private or address.is_unspecified:
        return True
    return is_bindable(host)


@functools.lru_cache
def parse_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address in a text, None if it is not one."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_bindable(address: str) -> bool:
    """Return whether this machine has the IP address: only then can it be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True


class AccessTokens:
    """Requires one of the configured tokens, if there are any."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._digests = [_digest(token) for token in tokens]

    def check(self, request: Request) -> None:
        """Set `g.caller` by the request's token; raise AccessDenied without one."""
        if not self._digests or needs_no_token(request):
            return
        for token in sent_tokens(request):
            number = self._position(token)
            if number is not None:
                g.caller = f"token {number}"
                return
        raise AccessDenied("a valid access token is required")

    def _position(self, token: str) -> int | None:
        """Return the position of the token in `ACCESS_TOKENS`, counted from 1."""
        sent = _digest(token)
        # All digests are compared, so that the time taken reveals nothing.
        matches = [
            number
            for number, digest in enumerate(self._digests, 1)
            if compare_digest(sent, digest)
        ]
        return matches[0] if matches else None


def needs_no_token(request: Request) -> bool:
    """Return whether the request needs no token, whatever the settings."""
    is_root = request.path == "/" and request.method in ("GET", "HEAD")
    return is_root or request.path in OPEN_PATHS or request.method == "OPTIONS"


def sent_tokens(request: Request) -> Iterator[str]:
    """Yield the request's tokens: `Authorization` (Bearer or Basic) and `x-api-key`.

    Clients that require some API key to start may send an invented one beside the
    valid one.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    elif request.authorization is not None:
        yield request.authorization.password or ""
    yield request.headers.get("x-api-key", "")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
