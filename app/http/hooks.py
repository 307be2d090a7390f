"""The two Flask hooks, with every step that surrounds a view in visible order."""

from flask import Flask, Request, Response, g, request

from app.config import Config
from app.http import logs, routing
from app.http.access import AccessTokens, HostPolicy, OriginPolicy
from app.http.responses import dialect_of
from app.inference.record import RequestRecord


def init_app(app: Flask, config: Config) -> None:
    """Register the hooks; the first check that returns a response ends the request."""
    origins = OriginPolicy(config.ollama_origins)
    allowed_hosts = HostPolicy(config.allowed_hosts)
    tokens = AccessTokens(config.access_tokens)

    @app.before_request
    def before_request() -> Response | None:
        current = current_request()
        logs.begin_record(current)
        g.caller = current.remote_addr or ""  # an access token replaces it
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
        record: RequestRecord = g.record
        response.headers[logs.REQUEST_ID] = record.id
        if further_header := dialect_of(current).request_id_header:
            response.headers[further_header] = record.id
        logs.complete_record(record, response)
        return response


def current_request() -> Request:
    """Return the request itself instead of Flask's proxy.

    Each attribute that is read through the proxy costs three function calls, and the
    hooks read dozens.
    """
    current: Request = request._get_current_object()  # type: ignore[attr-defined]
    return current
