"""Whole JSON replies, with the Content-Type each dialect gives them."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.wire import json

JSON = "application/json; charset=utf-8"
BARE_JSON = "application/json"


def native(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.encode(body), status, content_type=JSON)


def compatible(body: dict[str, Any]) -> Response:
    """As the `/v1` routes answer: no charset, and a newline at the end."""
    return Response(json.encode(body) + b"\n", content_type=BARE_JSON)
