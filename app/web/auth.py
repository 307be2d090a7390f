"""Who may enter: `ACCESS_TOKENS`, kept as hashes and compared in constant time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from hmac import compare_digest

from flask import Flask, request

from app.errors import AccessDenied
from app.web import record

OPEN_PATHS = ("/healthz", "/readyz")


def init_app(app: Flask, tokens: Sequence[str]) -> None:
    if not tokens:
        return
    known = [_hash(token) for token in tokens]

    @app.before_request
    def check_token() -> None:
        if is_open():
            return
        place = next(filter(None, map(_place, given_tokens())), None)
        if place is None:
            raise AccessDenied("a valid access token is required")
        record.current().cancel.caller = f"token {place}"

    def _place(token: str) -> int | None:
        """Which of the known tokens this is, counted from 1."""
        given = _hash(token)
        places = [n for n, each in enumerate(known, 1) if compare_digest(given, each)]
        return places[0] if places else None


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
