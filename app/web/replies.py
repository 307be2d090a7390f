"""Whole replies, with the Content-Type each dialect gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from app.wire import json

JSON = "application/json; charset=utf-8"
BARE_JSON = "application/json"


def native(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.encode(body), status, content_type=JSON)


def instead_of_stream(body: Mapping[str, Any], status: int) -> Response:
    """As Ollama tells an error that is the first thing a stream produces."""
    return Response(json.encode(body), status, content_type=BARE_JSON)


def compatible(body: Mapping[str, Any], status: int = 200) -> Response:
    """As the `/v1` routes answer: no charset, and a newline at the end."""
    return Response(json.encode(body) + b"\n", status, content_type=BARE_JSON)


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
