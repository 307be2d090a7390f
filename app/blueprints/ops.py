"""`/healthz`, `/readyz` and `/metrics`, for the operator of the server."""

from flask import Blueprint, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app import metrics
from app.errors import StoreUnavailable
from app.http import responses
from app.http.calls import services
from app.http.responses import NATIVE
from app.inference.offload import offload

bp = Blueprint("ops", __name__)


@bp.route("/healthz", methods=["GET", "HEAD"])
def health() -> Response:
    """Report that this worker answers."""
    return responses.json_response(NATIVE, {"status": "ok"})


@bp.route("/readyz", methods=["GET", "HEAD"])
def ready() -> Response:
    """Report whether requests would be served now, without asking the upstream."""
    checks = {
        "process": process_problem(),
        "models": services().catalogue.unavailable_reason(),
        "store": store_problem(),
    }
    missing = {name: problem for name, problem in checks.items() if problem}
    if missing:
        body = {"status": "not ready", "missing": missing}
        return responses.json_response(NATIVE, body, 503)
    return responses.json_response(NATIVE, {"status": "ready"})


@bp.get("/metrics")
def show_metrics() -> Response:
    """Return the counts of all workers in Prometheus' text format."""
    text = offload(generate_latest, metrics.registry())
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def process_problem() -> str | None:
    """Return why this process gets no further requests, None if it does."""
    return "it is stopping" if services().running.stopping else None


def store_problem() -> str | None:
    """Return why derived models cannot be read, None if they can."""
    try:
        services().store.check()
    except StoreUnavailable as error:
        return error.message
    return None
