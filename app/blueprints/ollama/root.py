"""`/` and `/api/version`."""

from flask import Blueprint, Response

from app.http import responses
from app.http.responses import NATIVE

# The Ollama release whose API this server has; clients compare the three numbers.
VERSION = "0.33.0"

bp = Blueprint("root", __name__)


@bp.route("/", methods=["GET", "HEAD"])
def root() -> Response:
    """Return the text by which clients recognise an Ollama server."""
    return Response("Ollama is running", content_type="text/plain; charset=utf-8")


@bp.route("/api/version", methods=["GET", "HEAD"])
def version() -> Response:
    """Return the version of the API."""
    return responses.json_response(NATIVE, {"version": VERSION})
