"""Who may enter: `ACCESS_TOKENS`, kept as hashes and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence

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
        if not any(_is_known(token) for token in given_tokens()):
            raise AccessDenied("a valid access token is required")

    def _is_known(token: str) -> bool:
        given = _hash(token)
        return any(hmac.compare_digest(given, each) for each in known)


def is_open() -> bool:
    root = request.path == "/" and request.method in ("GET", "HEAD")
    return root or request.path in OPEN_PATHS or request.method == "OPTIONS"


def given_tokens() -> Iterator[str]:
    """From `Authorization`, Bearer or the password of Basic, and from `x-api-key`.

    Clients that need some key to start send one they made up, beside the true one.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    elif request.authorization is not None:
        yield request.authorization.password or ""
    yield request.headers.get("x-api-key", "")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
