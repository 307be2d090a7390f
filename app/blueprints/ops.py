"""For whoever runs the server: is it alive, is it ready, what has it done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app import metrics
from app.errors import StoreUnavailable
from app.services import services
from app.web import replies
from app.web.offload import offload

bp = Blueprint("ops", __name__)


@bp.route("/healthz", methods=["GET", "HEAD"])
def alive() -> Response:
    """Say that this worker answers."""
    return replies.native({"status": "ok"})


@bp.route("/readyz", methods=["GET", "HEAD"])
def ready() -> Response:
    """Say whether requests would be served now, without asking the upstream."""
    found = {name: check() for name, check in CHECKS.items()}
    missing = {name: trouble for name, trouble in found.items() if trouble}
    if missing:
        return replies.native({"status": "not ready", "missing": missing}, 503)
    return replies.native({"status": "ready"})


@bp.get("/metrics")
def show_metrics() -> Response:
    """Tell what has been counted, by all workers, in Prometheus' text format."""
    told = offload(generate_latest, metrics.registry())
    return Response(told, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def process_trouble() -> str | None:
    return "it is stopping" if services().running.stopping else None


def models_trouble() -> str | None:
    return services().catalogue.unavailable_reason()


def store_trouble() -> str | None:
    try:
        services().store.check()
    except StoreUnavailable as error:
        return error.message
    return None


# What must be so before requests are sent here: a name, and what is wrong, if anything.
CHECKS: Mapping[str, Callable[[], str | None]] = {
    "process": process_trouble,
    "models": models_trouble,
    "store": store_trouble,
}
