"""Who is signed in at ollama.com: nobody, and nobody needs to be."""

from __future__ import annotations

from flask import Blueprint, Response

from app.errors import AccessDenied
from app.translate.ollama import account
from app.web import replies

bp = Blueprint("account", __name__, url_prefix="/api")


@bp.get("/status")
def status() -> Response:
    """Tell that models of the cloud may be used."""
    return replies.native(account.STATUS)


@bp.post("/me")
def me() -> Response:
    """Tell who asks."""
    return replies.native(account.USER)


@bp.post("/signout")
@bp.delete("/user/keys/<key>")
def signout(key: str = "") -> Response:
    """Refuse to sign out somebody who has not signed in."""
    raise AccessDenied(account.SIGNED_OUT)
