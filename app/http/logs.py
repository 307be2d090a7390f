"""The log: the format of its lines, and one line and set of metrics per request.

Lines go to standard error, as text for people or JSON for machines. They never contain
a request body or a key.
"""

import json
import logging
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from flask import Request, Response, g

from app import metrics
from app.inference.record import OK, RequestRecord

log = logging.getLogger("app.access")

REQUEST_ID = "X-Request-Id"
VALID_REQUEST_ID = re.compile(r"[!-~]{1,128}")
REQUEST_ID_BYTES = 12
NO_ROUTE = "none"

# Machines poll these routes: they are not measured, and logged at `debug`.
QUIET_ROUTES = ("/healthz", "/readyz", "/metrics")
MAX_NAME_LENGTH = 100
MIN_TOKENS_FOR_RATE = 10  # a rate computed from fewer tokens says nothing

# Looking up the labels of a metric costs more than counting.
requests_total = lru_cache(maxsize=1024)(metrics.REQUESTS.labels)
tokens_total = lru_cache(maxsize=1024)(metrics.TOKENS.labels)
first_byte = lru_cache(maxsize=1024)(metrics.FIRST_BYTE.labels)
token_rate = lru_cache(maxsize=1024)(metrics.TOKEN_RATE.labels)

# A value that needs no quotes in a text line.
PLAIN_VALUE = re.compile(r"[\w.:/+-]+", re.ASCII)
IN_MESSAGE = ("method", "route", "status", "outcome")  # part of a request's message


class TextFormatter(logging.Formatter):
    """One line per record; its further fields follow as `name=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = [
            f" {name}={_quoted(value)}"
            for name, value in _fields(record).items()
            if name not in IN_MESSAGE
        ]
        return super().formatMessage(record) + "".join(fields)


class JSONFormatter(logging.Formatter):
    """One JSON object per record, whatever the message contains."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


FORMATTERS: Mapping[str, logging.Formatter] = {
    "text": TextFormatter(),
    "json": JSONFormatter(),
}

# Logging configuration for gunicorn: its own lines as JSON, each of them once.
GUNICORN_JSON_LOGGING = {
    "root": {"level": "WARNING"},
    "loggers": {"gunicorn.error": {"handlers": ["error_console"], "propagate": False}},
    "formatters": {"generic": {"()": JSONFormatter}},
}


def set_up(level: str, log_format: str) -> None:
    """Give the app's loggers a handler, once per process."""
    logger = logging.getLogger("app")
    logger.setLevel(level.upper())
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())
        logger.propagate = False
    for handler in logger.handlers:
        handler.setFormatter(FORMATTERS[log_format])


def _quoted(value: Any) -> str:
    text = str(value)
    return text if PLAIN_VALUE.fullmatch(text) else json.dumps(value)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


def begin_record(request: Request) -> None:
    """Start the record of the current request in `g`.

    Closing the response runs the callbacks of `g.on_close`, the last one first. So the
    log line, which is registered first, is written last.
    """
    rule = request.url_rule
    g.record = record = RequestRecord(
        id=request_id(request),
        method=request.method,
        route=rule.rule if rule else NO_ROUTE,
    )
    g.on_close = on_close = ExitStack()
    on_close.callback(log_request, record)


def complete_record(record: RequestRecord, response: Response) -> None:
    """Record the status; closing the response will log the request.

    The first byte is about to leave: the first chunk of a stream was awaited before.
    """
    record.status = response.status_code
    record.first_byte_s = record.elapsed_s()
    response.call_on_close(g.on_close.close)


def log_request(record: RequestRecord) -> None:
    """Write the log line of a request whose response is closed, and measure it."""
    record.finish()
    is_quiet = record.route in QUIET_ROUTES
    log.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "%s %s %s %s",
        record.method,
        record.route,
        record.status,
        record.outcome,
        extra={"fields": log_fields(record)},
    )
    if not is_quiet:
        measure(record)


def log_fields(record: RequestRecord) -> dict[str, Any]:
    """Return the fields of a request's log line, without those that do not apply."""
    first_byte_s = round(record.first_byte_s, 4) if record.results else None
    optional: dict[str, Any] = {
        "id": record.id,
        "model": record.model,
        "name": record.name[:MAX_NAME_LENGTH],
        "tokens_in": record.tokens_in,
        "tokens_out": record.tokens_out,
        "first_byte_s": first_byte_s,
    }
    return {
        "method": record.method,
        "route": record.route,
        "status": record.status,
        "outcome": record.outcome,
        **{name: value for name, value in optional.items() if value},
        "total_s": round(record.total_s, 4),
    }


def measure(record: RequestRecord) -> None:
    """Count a finished request in the metrics."""
    model, outcome = record.model, record.outcome
    requests_total(record.route, model, outcome).inc()
    if not record.results:  # the upstream did not answer
        return
    tokens_total(model, "in").inc(record.tokens_in)
    tokens_total(model, "out").inc(record.tokens_out)
    first_byte(model).observe(record.first_byte_s)
    has_rate = record.tokens_out >= MIN_TOKENS_FOR_RATE and record.generation_s > 0
    if outcome == OK and has_rate:
        token_rate(model).observe(record.tokens_out / record.generation_s)


def request_id(request: Request) -> str:
    """Return the client's request id if it is valid, else a new one."""
    sent = request.headers.get(REQUEST_ID, "")
    if VALID_REQUEST_ID.fullmatch(sent):
        return sent
    return f"req_{os.urandom(REQUEST_ID_BYTES).hex()}"
