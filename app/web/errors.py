"""Every failure leaves here, in the shape of the dialect its path belongs to."""

from __future__ import annotations

import logging
import math

from flask import Flask, Response, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, HTTPException

from app.errors import (
    AccessDenied,
    BodyTooLarge,
    BodyTooSlow,
    CerellamaError,
    InvalidRequest,
)
from app.translate.anthropic import dialect as anthropic
from app.translate.dialect import StreamFormat
from app.translate.ollama import dialect as ollama
from app.translate.openai import dialect as openai
from app.web import record, replies

log = logging.getLogger(__name__)

# The dialect of a path, by its start; the native one is the rest.
DIALECTS: tuple[tuple[str, StreamFormat], ...] = (
    ("/v1/messages", anthropic.DIALECT),
    ("/v1/", openai.DIALECT),
    ("/chat/completions", openai.DIALECT),
)


def init_app(app: Flask) -> None:
    app.register_error_handler(CerellamaError, told)
    app.register_error_handler(HTTPException, told_by_flask)
    app.register_error_handler(RecursionError, told_of_depth)
    app.register_error_handler(ParseException, told_of_framing)
    app.register_error_handler(ClientDisconnected, told_of_broken_body)
    app.register_error_handler(Exception, untold)


def dialect_of(path: str) -> StreamFormat:
    for start, dialect in DIALECTS:
        if path.startswith(start):
            return dialect
    return ollama.DIALECT


def told(error: CerellamaError) -> Response:
    """Answer with the error's own status and text."""
    record.current().fail(error)
    response = _reply(error)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    if isinstance(error, AccessDenied):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def told_by_flask(error: HTTPException) -> Response:
    if error.code == BodyTooLarge.status:
        limit = request.max_content_length or 0
        return told(BodyTooLarge(f"request body is larger than {limit >> 20} MB"))
    return told(InvalidRequest(error.description or error.name))


def told_of_depth(_: RecursionError) -> Response:
    """Only what a client sends can be nested so deep."""
    return told(InvalidRequest("exceeded max depth"))


def told_of_framing(_: ParseException) -> Response:
    """Gunicorn reads chunks when asked for them, and quotes what it cannot read."""
    return told(InvalidRequest("the request body is not valid HTTP: malformed chunks"))


def told_of_broken_body(error: ClientDisconnected) -> Response:
    """Werkzeug's word for any OSError while a body is being read."""
    if isinstance(error.__context__, TimeoutError):
        return told(BodyTooSlow("the request body did not arrive in time"))
    return told(InvalidRequest("unexpected EOF"))


def untold(error: Exception) -> Response:
    failed = record.current()
    log.exception(
        "%s %s failed",
        failed.method,
        failed.route,
        exc_info=error,
        extra={"fields": {"id": failed.id}},
    )
    return told(CerellamaError("internal server error"))


def _reply(error: CerellamaError) -> Response:
    """Ollama's `/v1` finds faults with a body as the native API does."""
    dialect = dialect_of(request.path)
    body = dialect.from_error(error)
    if dialect is anthropic.DIALECT:
        body["request_id"] = record.current().id
    if dialect is not ollama.DIALECT and not isinstance(error, InvalidRequest):
        return replies.compatible(body, error.status)
    if dialect is ollama.DIALECT and record.current().streaming:
        return replies.instead_of_stream(body, error.status)
    return replies.native(body, error.status)
