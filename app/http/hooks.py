"""The two Flask hooks, with every step that surrounds a view in visible order."""

from __future__ import annotations

from flask import Flask, Request, Response, request

from app.config import Config
from app.http import logs, routing
from app.http.access import AccessTokens, HostPolicy, OriginPolicy


def init_app(app: Flask, config: Config) -> None:
    """Register the hooks; the first check that returns a response ends the request."""
    origins = OriginPolicy(config.ollama_origins)
    allowed_hosts = HostPolicy(config.allowed_hosts)
    tokens = AccessTokens(config.access_tokens)

    @app.before_request
    def before_request() -> Response | None:
        current = current_request()
        logs.begin_record(current)
        response = (
            routing.redirect_doubled_slashes(current)
            or origins.check(current)
            or allowed_hosts.check(current)
        )
        if response is None:
            tokens.check(current)
        return response

    @app.after_request
    def after_request(response: Response) -> Response:
        current = current_request()
        origins.add_headers(current, response)
        logs.complete_record(current, response)
        return response


def current_request() -> Request:
    """Return the request itself instead of Flask's proxy.

    Each attribute that is read through the proxy costs three function calls, and the
    hooks read dozens.
    """
    current: Request = request._get_current_object()  # type: ignore[attr-defined]
    return current
