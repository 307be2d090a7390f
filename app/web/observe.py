"""Every request is told of once, when its answer is closed: in the log, in metrics."""

from __future__ import annotations

import logging
from functools import lru_cache, partial
from typing import Any

from flask import Flask, Response

from app import metrics
from app.web import record, requestid
from app.web.current import current_request
from app.web.record import OK, Record

log = logging.getLogger("app.access")

# Asked every few seconds by machines: not measured, and logged at `debug`.
QUIET_ROUTES = ("/healthz", "/readyz", "/metrics")
LONGEST_NAME = 100
FEWEST_TOKENS = 10  # from here on a rate tells something

# Labels are few, and to look one up costs more than to count.
remember = lru_cache(maxsize=1024)
request_count = remember(metrics.REQUESTS.labels)
token_count = remember(metrics.TOKENS.labels)
first_byte = remember(metrics.FIRST_BYTE.labels)
token_rate = remember(metrics.TOKEN_RATE.labels)


def init_app(app: Flask) -> None:
    """Must come before all else that looks at requests: it is to see them all."""

    @app.before_request
    def begin() -> None:
        record.begin()

    @app.after_request
    def answer(response: Response) -> Response:
        """The first byte leaves now: what comes before it has been waited for."""
        found = record.current()
        found.status = response.status_code
        found.first_byte_s = found.elapsed_s()
        for header in requestid.headers(current_request().path):
            response.headers[header] = found.id
        response.call_on_close(partial(close, found))
        return response


def close(ended: Record) -> None:
    ended.end()
    quiet = ended.route in QUIET_ROUTES
    level = logging.DEBUG if quiet else logging.INFO
    if log.isEnabledFor(level):
        log.handle(line(ended, level))
    if not quiet:
        measure(ended)


def line(ended: Record, level: int) -> logging.LogRecord:
    """Made here: `log.log` would look for the place in the code that it came from."""
    head = (ended.method, ended.route, ended.status, ended.outcome)
    told = logging.LogRecord(log.name, level, "", 0, "%s %s %s %s", head, None)
    told.fields = fields(ended)
    return told


def fields(ended: Record) -> dict[str, Any]:
    """What a line tells beside its text; what does not apply is left out."""
    told: dict[str, Any] = {
        "id": ended.id,
        "model": ended.model,
        "name": ended.name[:LONGEST_NAME],
        "tokens_in": ended.tokens_in,
        "tokens_out": ended.tokens_out,
        "first_byte_s": round(ended.first_byte_s, 4) if ended.answers else None,
    }
    return {
        "method": ended.method,
        "route": ended.route,
        "status": ended.status,
        "outcome": ended.outcome,
        **{name: value for name, value in told.items() if value},
        "total_s": round(ended.total_s, 4),
    }


def measure(ended: Record) -> None:
    model, outcome = ended.model, ended.outcome
    request_count(ended.route, model, outcome).inc()
    if not ended.answers:
        return
    token_count(model, "in").inc(ended.tokens_in)
    token_count(model, "out").inc(ended.tokens_out)
    first_byte(model).observe(ended.first_byte_s)
    tells_something = ended.tokens_out >= FEWEST_TOKENS and ended.writing_s > 0
    if outcome == OK and tells_something:
        token_rate(model).observe(ended.tokens_out / ended.writing_s)
