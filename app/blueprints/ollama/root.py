"""Is the server there, and which Ollama does it speak for."""

from __future__ import annotations

from flask import Blueprint, Response

from app.web import replies

# The release of Ollama whose API this is; clients compare the three numbers.
VERSION = "0.33.0"

bp = Blueprint("root", __name__)


@bp.route("/", methods=["GET", "HEAD"])
def root() -> Response:
    """Say what every client expects to read here."""
    return Response("Ollama is running", content_type="text/plain; charset=utf-8")


@bp.route("/api/version", methods=["GET", "HEAD"])
def version() -> Response:
    """Tell the version of the API."""
    return replies.native({"version": VERSION})
