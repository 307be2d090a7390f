"""Whole replies, with the Content-Type each dialect gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from app.wire import json_codec

JSON = "application/json; charset=utf-8"
BARE_JSON = "application/json"


def native(body: Mapping[str, Any], status: int = 200) -> Response:
    return ready(json_codec.encode(body), status)


class Ready:
    """JSON that is spelled once, and anew only when what it tells has changed."""

    def __init__(self, spell: Callable[..., Mapping[str, Any]]) -> None:
        self._spell = spell
        self._last: tuple[tuple[Any, ...], bytes] = (), b""  # facts, and what they say

    def data(self, *facts: Any) -> bytes:
        """What these facts, compared by their values, look like."""
        known, data = self._last
        if facts != known:
            data = json_codec.encode(self._spell(*facts))
            self._last = facts, data
        return data


def ready(data: bytes, status: int = 200) -> Response:
    """As `native`, of what has been spelled before."""
    return Response(data, status, content_type=JSON)


def instead_of_stream(body: Mapping[str, Any], status: int) -> Response:
    """As Ollama tells an error that is the first thing a stream produces."""
    return Response(json_codec.encode(body), status, content_type=BARE_JSON)


def compatible(body: Mapping[str, Any], status: int = 200) -> Response:
    """As the `/v1` routes answer: no charset, and a newline at the end."""
    return ready_compatible(json_codec.encode(body), status)


def ready_compatible(data: bytes, status: int = 200) -> Response:
    """As `compatible`, of what has been spelled before."""
    return Response(data + b"\n", status, content_type=BARE_JSON)


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
