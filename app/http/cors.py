"""CORS: Ollama's rules for the `Origin` header, and its response headers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response, request

from app.http import responses

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
    """Which web pages may call this server."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._allows = matcher((*origins, *LOCAL_ORIGINS, *APP_ORIGINS))
        self._allows_all = "*" in origins

    def check(self) -> Response | None:
        """Return 403 for a foreign page, and the answer to a preflight request."""
        origin = foreign_origin()
        if origin is None:
            return None
        if not self._allows(origin):
            return responses.empty(403)
        if request.method == "OPTIONS":
            return responses.empty(204, PREFLIGHT_HEADERS)
        return None

    def add_headers(self, response: Response) -> None:
        """Add the CORS headers for an allowed foreign page."""
        origin = foreign_origin()
        if origin is None or not self._allows(origin):
            return
        response.headers["Access-Control-Allow-Origin"] = (
            "*" if self._allows_all else origin
        )
        if not self._allows_all:
            is_preflight = request.method == "OPTIONS"
            response.headers["Vary"] = PREFLIGHT_VARY if is_preflight else "Origin"


def foreign_origin() -> str | None:
    """Return the `Origin` header, None if it is absent or this server itself."""
    origin = request.headers.get("Origin")
    host = request.headers.get("Host")
    if not origin or origin in (f"http://{host}", f"https://{host}"):
        return None
    return origin


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
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
