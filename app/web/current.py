"""The request at hand, and not Flask's proxy: each look through that is three calls."""

from __future__ import annotations

from collections.abc import Callable

from flask import Request, request

current_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]
