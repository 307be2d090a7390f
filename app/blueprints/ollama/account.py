"""The account at ollama.com: no user is signed in, and none needs to be."""

from __future__ import annotations

from flask import Blueprint, Response

from app.errors import AccessDenied
from app.http import responses
from app.http.responses import NATIVE
from app.translate.ollama import account

bp = Blueprint("account", __name__, url_prefix="/api")


@bp.get("/status")
def status() -> Response:
    """Report that cloud models may be used."""
    return responses.json(NATIVE, account.STATUS)


@bp.post("/me")
def me() -> Response:
    """Return the user."""
    return responses.json(NATIVE, account.USER)


@bp.post("/signout")
@bp.delete("/user/keys/<key>")
def signout(key: str = "") -> Response:
    """Refuse: no user is signed in."""
    raise AccessDenied(account.SIGNED_OUT)
