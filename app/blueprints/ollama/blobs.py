"""`/api/blobs`: files that a client uploads before `/api/create` names them.

The passthrough gets them. Otherwise a file is of no use, because models run on
Cerebras: only its digest is remembered, for an hour. The CLI then gets as far as
`/api/create`, whose error explains why the file cannot be used.
"""

import time

from flask import Blueprint, Response

from app.errors import InvalidRequest
from app.http import responses
from app.http.calls import RequestUpload, hash_body, new_call, services
from app.http.responses import NATIVE
from app.inference import passthrough
from app.inference.passthrough import LONG_WORK_S
from app.translate.ollama.create import check_digest

REMEMBERED_S = 3600

bp = Blueprint("blobs", __name__, url_prefix="/api/blobs")


@bp.route("/<digest>", methods=["HEAD"])
def look_up(digest: str) -> Response:
    """Return 200 if the blob was uploaded, else 404."""
    if services().passthrough:
        return responses.from_reply(passthrough.relay(new_call(NATIVE)))
    is_known = services().store.has_blob(canonical(digest), now_s())
    return responses.empty(200 if is_known else 404)


@bp.post("/<digest>")
def receive(digest: str) -> Response:
    """Take a blob whose content has this digest."""
    if services().passthrough:
        call = new_call(NATIVE, RequestUpload())
        return responses.from_reply(passthrough.relay(call, silence_s=LONG_WORK_S))
    expected, store = canonical(digest), services().store
    if store.has_blob(expected, now_s()):
        return responses.empty(200)
    actual = hash_body()
    if actual != expected:
        raise InvalidRequest(f'digest mismatch, expected "{expected}", got "{actual}"')
    store.put_blob(expected, now_s(), REMEMBERED_S)
    return responses.empty(201)


def canonical(digest: str) -> str:
    """Return the digest as `sha256:` and lower-case hex, or raise InvalidRequest."""
    check_digest(digest)
    return digest.replace("-", ":").lower()


def now_s() -> int:
    """Return the seconds since 1970."""
    return int(time.time())
