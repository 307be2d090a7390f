"""Files that a client sends before `/api/create` names them.

A passthrough gets them. Nothing else could use one, for models run on Cerebras: that it
came, and whole, is all that is remembered, and not for long. So the CLI gets as far as
a sentence that says why.
"""

from __future__ import annotations

import time

from flask import Blueprint, Response

from app.errors import InvalidRequest
from app.services import services
from app.translate.ollama.create import check_digest
from app.web import replies
from app.web.body import hash_body
from app.web.passthrough import relay_to_passthrough, relay_upload_to_passthrough

LASTS_S = 3600

bp = Blueprint("blobs", __name__, url_prefix="/api/blobs")


@bp.route("/<digest>", methods=["HEAD"])
def look_up(digest: str) -> Response:
    """Tell whether a blob has come."""
    if services().passthrough:
        return relay_to_passthrough()
    known = services().store.has_blob(canonical(digest), now_s())
    return replies.empty(200 if known else 404)


@bp.post("/<digest>")
def receive(digest: str) -> Response:
    """Take a blob, if it is what its digest says."""
    if services().passthrough:
        return relay_upload_to_passthrough()
    expected, store = canonical(digest), services().store
    if store.has_blob(expected, now_s()):
        return replies.empty(200)
    found = hash_body()
    if found != expected:
        raise InvalidRequest(f'digest mismatch, expected "{expected}", got "{found}"')
    store.put_blob(expected, now_s(), LASTS_S)
    return replies.empty(201)


def canonical(digest: str) -> str:
    check_digest(digest)
    return digest.replace("-", ":").lower()


def now_s() -> int:
    return int(time.time())
