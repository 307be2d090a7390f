"""Turn each error of a request into a response, in the dialect of its blueprint."""

import logging
import math

from flask import Flask, Response, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, HTTPException

from app.errors import (
    AccessDenied,
    BodyTooLarge,
    BodyTooSlow,
    CerellamaError,
    InvalidRequest,
)
from app.http.responses import dialect_of
from app.inference.record import RequestRecord
from app.translate.ollama.dialect import OllamaDialect
from app.wire import json_codec

log = logging.getLogger(__name__)

JSON = "application/json"
JSON_UTF8 = "application/json; charset=utf-8"


def init_app(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(CerellamaError, handle_known_error)
    app.register_error_handler(HTTPException, handle_http_exception)
    app.register_error_handler(RecursionError, handle_recursion_error)
    app.register_error_handler(ParseException, handle_bad_chunking)
    app.register_error_handler(ClientDisconnected, handle_incomplete_body)
    app.register_error_handler(Exception, handle_unexpected_error)


def handle_known_error(error: CerellamaError) -> Response:
    """Return the error's own status and text."""
    g.record.fail(error)
    response = _error_response(error)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, AccessDenied):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def handle_http_exception(error: HTTPException) -> Response:
    """Return the response to an error that Werkzeug raised."""
    if error.code == BodyTooLarge.status:
        limit = request.max_content_length or 0
        message = f"request body is larger than {limit >> 20} MB"
        return handle_known_error(BodyTooLarge(message))
    return handle_known_error(InvalidRequest(error.description or error.name))


def handle_recursion_error(_: RecursionError) -> Response:
    """Return 400: only a client's JSON can be nested so deeply."""
    return handle_known_error(InvalidRequest("exceeded max depth"))


def handle_bad_chunking(_: ParseException) -> Response:
    """Return 400 without gunicorn's text, which quotes the bytes it cannot parse.

    Gunicorn parses the chunks of a body while the body is read.
    """
    message = "the request body is not valid HTTP: malformed chunks"
    return handle_known_error(InvalidRequest(message))


def handle_incomplete_body(error: ClientDisconnected) -> Response:
    """Return 408 or 400: Werkzeug raises this for any OSError while it reads a body."""
    if isinstance(error.__context__, TimeoutError):
        message = "the request body did not arrive in time"
        return handle_known_error(BodyTooSlow(message))
    return handle_known_error(InvalidRequest("unexpected EOF"))


def handle_unexpected_error(error: Exception) -> Response:
    """Return 500 and log the traceback."""
    record: RequestRecord = g.record
    log.exception(
        "%s %s failed",
        record.method,
        record.route,
        exc_info=error,
        extra={"fields": {"id": record.id}},
    )
    return handle_known_error(CerellamaError("internal server error"))


def _error_response(error: CerellamaError) -> Response:
    """Return the error as the dialect writes it.

    The content types are Ollama's: `/v1` routes report a fault of the body like native
    routes do, and native routes leave out the charset once a stream was requested.
    """
    dialect, record = dialect_of(request), g.record
    body = dialect.error(error)
    if dialect.request_id_header:
        body["request_id"] = record.id
    data, content_type = dialect.encode(body), dialect.content_type
    if isinstance(dialect, OllamaDialect):
        if record.streaming:
            content_type = JSON
    elif isinstance(error, InvalidRequest):
        data, content_type = json_codec.encode(body), JSON_UTF8
    return Response(data, error.status, content_type=content_type)
