"""Routes that behave like Ollama's router, which is written in Go.

HEAD is answered only where a route names it, 404 and 405 have plain text bodies, and a
path with a trailing or doubled slash is redirected.
"""

import posixpath
from typing import Any, cast
from urllib.parse import quote

from flask import Flask, Request, Response, current_app, redirect, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import PathConverter, Rule

METHOD_ORDER = ("HEAD", "GET", "POST", "DELETE")
MOVED, KEEP_METHOD = 301, 307  # Moved Permanently, Temporary Redirect


class GoRule(Rule):
    """A rule that answers HEAD only if the route names it."""

    def __init__(self, string: str, **options: Any) -> None:
        methods = set(options.get("methods") or ())
        super().__init__(string, **options)
        if self.methods is not None and "HEAD" not in methods:
            self.methods.discard("HEAD")


class ModelConverter(PathConverter):
    """A model name in a path; it may contain slashes, but not begin or end with one."""

    regex = "[^/](?:.*[^/])?"


def init_app(app: Flask) -> None:
    """Make the app route like Ollama; call this before routes are added."""
    app.url_rule_class = GoRule  # type: ignore[assignment]  # Flask types it as Rule
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters["model"] = ModelConverter
    app.register_error_handler(404, not_found)
    app.register_error_handler(405, method_not_allowed)


def redirect_doubled_slashes(request: Request) -> Response | None:
    """Redirect a path that begins with two slashes, which Flask would read as one."""
    if request.environ["PATH_INFO"].startswith("//"):
        return _redirect(request, _clean(request.path), KEEP_METHOD)
    return None


def not_found(_: HTTPException) -> Response:
    """Return 404, or redirect to the path without superfluous slashes."""
    clean = _clean(request.path)
    if clean == request.path or not _is_known(clean):
        return _plain("404 page not found", 404)
    only_a_trailing_slash = request.path == clean + "/"
    moved = only_a_trailing_slash and request.method == "GET"
    return _redirect(request, clean, MOVED if moved else KEEP_METHOD)


def method_not_allowed(error: MethodNotAllowed) -> Response:
    """Return 405 with the allowed methods in Ollama's order."""
    response = _plain("405 method not allowed", 405)
    allowed = error.valid_methods or ()
    response.headers["Allow"] = ", ".join(m for m in METHOD_ORDER if m in allowed)
    return response


def _clean(path: str) -> str:
    return posixpath.normpath("/" + path.strip("/"))


def _redirect(request: Request, path: str, status: int) -> Response:
    query = request.query_string.decode("latin-1")
    location = quote(path, safe="/:") + ("?" + query if query else "")
    return cast(Response, redirect(location, status, Response))


def _is_known(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and bool(adapter.allowed_methods(path))


def _plain(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/plain")
