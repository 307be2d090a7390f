"""The two Flask hooks, with every step that surrounds a view in visible order."""

from __future__ import annotations

from flask import Flask, Response

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
        logs.begin_record()
        response = (
            routing.redirect_doubled_slashes()
            or origins.check()
            or allowed_hosts.check()
        )
        if response is None:
            tokens.check()
        return response

    @app.after_request
    def after_request(response: Response) -> Response:
        origins.add_headers(response)
        logs.complete_record(response)
        return response
