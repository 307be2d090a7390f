"""Routes with Go's manners: HEAD only where it is meant, plain 404 and 405 bodies.

A path with a trailing or doubled slash is redirected as Ollama's router does.
"""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import PathConverter, Rule

from app.web.current import current_request

METHOD_ORDER = ("HEAD", "GET", "POST", "DELETE")
MOVED, KEEP_METHOD = 301, 307


class GoRule(Rule):
    """A rule that answers HEAD only where a route says so."""

    def __init__(self, string: str, **options: Any) -> None:
        asked = set(options.get("methods") or ())
        super().__init__(string, **options)
        if self.methods is not None and "HEAD" not in asked:
            self.methods.discard("HEAD")


class ModelConverter(PathConverter):
    """The name of a model: slashes only within."""

    regex = "[^/](?:.*[^/])?"


def init_app(app: Flask) -> None:
    app.url_rule_class = GoRule  # type: ignore[assignment]  # Flask types it as Rule
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters["model"] = ModelConverter
    app.before_request(unfold_slashes)
    app.register_error_handler(404, not_found)
    app.register_error_handler(405, method_not_allowed)


def unfold_slashes() -> ResponseReturnValue | None:
    """Flask would take two slashes at the start for one."""
    if current_request().environ["PATH_INFO"].startswith("//"):
        return _redirect(_clean(request.path), KEEP_METHOD)
    return None


def not_found(_: HTTPException) -> ResponseReturnValue:
    clean = _clean(request.path)
    if clean == request.path or not _is_known(clean):
        return _plain("404 page not found", 404)
    only_a_trailing_slash = request.path == clean + "/"
    moved = only_a_trailing_slash and request.method == "GET"
    return _redirect(clean, MOVED if moved else KEEP_METHOD)


def method_not_allowed(error: MethodNotAllowed) -> ResponseReturnValue:
    response = _plain("405 method not allowed", 405)
    allowed = error.valid_methods or ()
    response.headers["Allow"] = ", ".join(m for m in METHOD_ORDER if m in allowed)
    return response


def _clean(path: str) -> str:
    return posixpath.normpath("/" + path.strip("/"))


def _redirect(path: str, status: int) -> ResponseReturnValue:
    query = request.query_string.decode("latin-1")
    return redirect(quote(path, safe="/:") + ("?" + query if query else ""), status)


def _is_known(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and bool(adapter.allowed_methods(path))


def _plain(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/plain")
