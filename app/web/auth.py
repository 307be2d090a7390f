"""Who may enter: `ACCESS_TOKENS`, kept as hashes and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from flask import Flask, request

from app.errors import AccessDenied

OPEN_PATHS = ("/healthz", "/readyz")


def init_app(app: Flask, tokens: Sequence[str]) -> None:
    if not tokens:
        return
    known = [_hash(token) for token in tokens]

    @app.before_request
    def check_token() -> None:
        if is_open():
            return
        given = _hash(given_token())
        if not any(hmac.compare_digest(given, token) for token in known):
            raise AccessDenied("a valid access token is required")


def is_open() -> bool:
    root = request.path == "/" and request.method in ("GET", "HEAD")
    return root or request.path in OPEN_PATHS or request.method == "OPTIONS"


def given_token() -> str:
    """From `Authorization: Bearer`, the password of HTTP Basic, or `x-api-key`."""
    authorization = request.authorization
    if authorization is not None:
        return authorization.token or authorization.password or ""
    return request.headers.get("x-api-key", "")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
