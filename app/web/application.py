"""Flask, without the questions that it asks of every request and that we know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

NAMELESS = "localhost"


class NoSession(SessionInterface):
    """Nobody is remembered from one request to the next."""

    nobody = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self.nobody


class Application(Flask):
    session_interface = NoSession()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Every view and every hook is: each would be inspected anew."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Routes are the same whatever a client calls this host."""
        if request is None:
            return None
        return MapAdapter(
            self.url_map,
            server_name=NAMELESS,
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
        )
