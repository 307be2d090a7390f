"""Every failure leaves here, in the shape of the dialect its path belongs to."""

from __future__ import annotations

import logging
import math

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from app.errors import BodyTooLarge, CerellamaError, InvalidRequest
from app.translate.dialect import Dialect
from app.translate.ollama import dialect as ollama
from app.translate.openai import dialect as openai
from app.web import replies
from app.wire import json

log = logging.getLogger(__name__)


# The dialect of a path, by its start; the native one is the rest.
DIALECTS: tuple[tuple[str, Dialect], ...] = (("/v1/", openai.DIALECT),)


def init_app(app: Flask) -> None:
    app.register_error_handler(CerellamaError, told)
    app.register_error_handler(HTTPException, told_by_flask)
    app.register_error_handler(Exception, untold)


def dialect_of(path: str) -> Dialect:
    for start, dialect in DIALECTS:
        if path.startswith(start):
            return dialect
    return ollama.DIALECT


def told(error: CerellamaError) -> Response:
    """Answer with the error's own status and text."""
    body = dialect_of(request.path).from_error(error)
    # Ollama leaves the charset out when a stream begins with its error.
    content_type = replies.BARE_JSON if g.get("streaming") else replies.JSON
    response = Response(json.encode(body), error.status, content_type=content_type)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def told_by_flask(error: HTTPException) -> Response:
    if error.code == BodyTooLarge.status:
        limit = request.max_content_length or 0
        return told(BodyTooLarge(f"request body is larger than {limit >> 20} MB"))
    return told(InvalidRequest(error.description or error.name))


def untold(error: Exception) -> Response:
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    return told(CerellamaError("internal server error"))
