"""One log line and one set of metrics per request, written when its response is closed.

Also the request id: `X-Request-Id` in the response and `id` in the log.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

from flask import Request, Response, g, request

from app import metrics
from app.http.dialects import current_dialect
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

# To look up a metric's labels costs more than to count.
requests_total = lru_cache(maxsize=1024)(metrics.REQUESTS.labels)
tokens_total = lru_cache(maxsize=1024)(metrics.TOKENS.labels)
first_byte = lru_cache(maxsize=1024)(metrics.FIRST_BYTE.labels)
token_rate = lru_cache(maxsize=1024)(metrics.TOKEN_RATE.labels)


def begin() -> None:
    """Start the record of the current request in `g`.

    `g.on_close` holds what must happen when the response is closed: the log line is
    registered first, so it is written last.
    """
    rule = request.url_rule
    g.record = RequestRecord(
        id=request_id(request),
        method=request.method,
        route=rule.rule if rule else NO_ROUTE,
    )
    g.caller = request.remote_addr or ""
    g.on_close = ExitStack()
    g.on_close.callback(finish, g.record)


def complete(response: Response) -> None:
    """Note the status, set the request id and see to it that the request is logged.

    The first byte leaves now: a stream has waited for it before its response is made.
    """
    record: RequestRecord = g.record
    record.status = response.status_code
    record.first_byte_s = record.elapsed_s()
    response.headers[REQUEST_ID] = record.id
    if further_header := current_dialect().request_id_header:
        response.headers[further_header] = record.id
    response.call_on_close(g.on_close.close)


def finish(record: RequestRecord) -> None:
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
    if not record.results:
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
