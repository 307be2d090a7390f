"""Which pages may call: Ollama's rules for `Origin`, and its CORS headers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Flask, Response, request

from app.web import replies
from app.web.current import current_request

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


def init_app(app: Flask, origins: Sequence[str]) -> None:
    allows = matcher((*origins, *LOCAL_ORIGINS, *APP_ORIGINS))
    anyone = "*" in origins

    @app.before_request
    def check_origin() -> Response | None:
        origin = foreign_origin()
        if origin is None:
            return None
        if not allows(origin):
            return replies.empty(403)
        if request.method == "OPTIONS":
            return replies.empty(204, PREFLIGHT_HEADERS)
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        origin = foreign_origin()
        if origin is None or not allows(origin):
            return response
        response.headers["Access-Control-Allow-Origin"] = "*" if anyone else origin
        if not anyone:
            preflight = request.method == "OPTIONS"
            response.headers["Vary"] = PREFLIGHT_VARY if preflight else "Origin"
        return response


def foreign_origin() -> str | None:
    """The Origin, unless there is none or it is this very server."""
    environ = current_request().environ
    origin: str | None = environ.get("HTTP_ORIGIN")
    if not origin:
        return None
    host = environ.get("HTTP_HOST")
    return None if origin in (f"http://{host}", f"https://{host}") else origin


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A test for origins, which browsers write in lower case.

    A pattern may hold one `*`.
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
