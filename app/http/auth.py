"""Access tokens: `ACCESS_TOKENS`, kept as digests and compared in constant time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from hmac import compare_digest

from flask import g, request

from app.errors import AccessDenied

OPEN_PATHS = ("/healthz", "/readyz")


class AccessTokens:
    """The tokens of which a request must carry one; without any, none is required."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._digests = [_digest(token) for token in tokens]

    def check(self) -> None:
        """Raise AccessDenied unless the request carries a token; note the caller."""
        if not self._digests or is_open():
            return
        for token in sent_tokens():
            number = self._number(token)
            if number is not None:
                g.caller = f"token {number}"
                return
        raise AccessDenied("a valid access token is required")

    def _number(self, token: str) -> int | None:
        """Return the position of the token in `ACCESS_TOKENS`, counted from 1."""
        sent = _digest(token)
        # All digests are compared, so that the time taken reveals nothing.
        matches = [
            number
            for number, digest in enumerate(self._digests, 1)
            if compare_digest(sent, digest)
        ]
        return matches[0] if matches else None


def is_open() -> bool:
    """Return whether the request needs no token, whatever the settings."""
    is_root = request.path == "/" and request.method in ("GET", "HEAD")
    return is_root or request.path in OPEN_PATHS or request.method == "OPTIONS"


def sent_tokens() -> Iterator[str]:
    """Yield the request's tokens: `Authorization` (Bearer or Basic) and `x-api-key`.

    Clients that require some API key to start may send an invented one beside the
    valid one.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    elif request.authorization is not None:
        yield request.authorization.password or ""
    yield request.headers.get("x-api-key", "")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
