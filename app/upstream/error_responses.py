"""Cerebras' error responses as UpstreamErrors: by status, error code and text.

Only the statuses marked `quoted` show the upstream's own text to a client. An API key
is masked in every text.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from app.errors import (
    KeyRefused,
    ModelBusy,
    ModelGone,
    PaymentRequired,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
)
from app.wire.completion import Chunk

log = logging.getLogger(__name__)

CEREBRAS = "Cerebras"  # the upstream's name in error messages
MAX_TEXT = 1000  # characters
KEY = re.compile(r"csk-[\w-]+|(?<=Bearer )\S+")
RETRYABLE_STATUSES = frozenset({408, 429, *range(500, 600)})
# In a 400 that the client can have caused; any other is a bug of Cerellama.
CLIENT_FAULTS = ("context_length_exceeded", "image", "schema")


@dataclass(frozen=True)
class Meaning:
    """What a status means: an exception and its text."""

    error: type[UpstreamError]
    text: str
    quoted: bool = False  # whether the upstream's text is shown instead


KEY_REFUSED = "Cerebras refused the API key ({status}): check CEREBRAS_API_KEY"
REFUSED = "Cerebras refused the request ({status})"
BUSY = "Cerebras is busy ({status}): try again soon"
REDIRECTED = "Cerebras redirected the request ({status}): check CEREBRAS_BASE_URL"
BY_STATUS = {
    400: Meaning(RequestRefused, REFUSED, quoted=True),
    401: Meaning(KeyRefused, KEY_REFUSED),
    402: Meaning(PaymentRequired, "Cerebras asks for payment ({status})", quoted=True),
    403: Meaning(KeyRefused, KEY_REFUSED),
    408: Meaning(UpstreamTimeout, "Cerebras gave up on the request ({status})"),
    413: Meaning(
        RequestTooLarge,
        "the request is too large for Cerebras ({status})",
        quoted=True,
    ),
    422: Meaning(RequestRefused, REFUSED, quoted=True),
    429: Meaning(
        RateLimited, "Cerebras' rate limit is reached ({status})", quoted=True
    ),
    503: Meaning(UpstreamBusy, BUSY),
}
BY_CODE = {
    (404, "model_not_found"): Meaning(ModelGone, "Cerebras does not serve this model"),
    (429, "queue_exceeded"): Meaning(ModelBusy, BUSY, quoted=True),
}
BY_CLASS = {
    3: Meaning(UpstreamError, REDIRECTED),
    5: Meaning(UpstreamError, "Cerebras failed ({status})"),
}
UNEXPECTED = Meaning(UpstreamError, "Cerebras answered with status {status}")


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes
) -> UpstreamError:
    """Return the error for a response with a status other than 200."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    return _error(status, headers, content)


def error_from_chunk(chunk: Chunk) -> UpstreamError:
    """Return the error for a chunk of a stream that carries one."""
    status = chunk.status_code or HTTPStatus.INTERNAL_SERVER_ERROR
    return _error(status, {}, {"error": chunk.error})


def is_overload(error: UpstreamError) -> bool:
    """Return whether the model is overloaded, whichever key is used."""
    return isinstance(error, UpstreamBusy | ModelBusy)


def is_over_quota(error: UpstreamError) -> bool:
    """Return whether the key is over its quota."""
    return isinstance(error, RateLimited) and not is_overload(error)


def is_for_tokens(error: UpstreamError) -> bool:
    """Return whether the minute has too few tokens left for what a request reserves."""
    is_minute = "per minute" in error.message.lower()
    return error.code == "token_quota_exceeded" and is_minute


def _error(status: int, headers: Mapping[str, str], content: Any) -> UpstreamError:
    code = _field(content, "code")
    by_status = BY_STATUS.get(status) or BY_CLASS.get(status // 100, UNEXPECTED)
    meaning = BY_CODE.get((status, code), by_status)
    text = _text(content)
    if meaning.error is RequestRefused:
        _log_own_fault(_shortened(f"{code} {_field(content, 'param')} {text}"))
    message = (meaning.quoted and text) or meaning.text.format(status=status)
    return meaning.error(
        message,
        upstream_status=status,
        headers=headers,
        code=code,
        retryable=status in RETRYABLE_STATUSES,
    )


def _field(content: Any, name: str) -> str:
    """Return a field of an error, flat or inside `error`; "" if it is no text."""
    if not isinstance(content, dict):
        return ""
    value = content.get(name)
    if isinstance(value, str) and value:
        return value
    return _field(content.get("error"), name)


def _text(content: Any) -> str:
    """Return the text of an error; "" for a page of HTML."""
    text = _field(content, "message")
    if not text and isinstance(content, dict):
        plain = (content.get("error"), content.get("detail"))
        text = next((each for each in plain if isinstance(each, str)), "")
    text = text.strip()
    return "" if text.startswith("<") else _shortened(text)


def _shortened(text: str) -> str:
    """Return the text with keys masked, cut to MAX_TEXT characters."""
    text = KEY.sub("...", text)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "..."


def _log_own_fault(text: str) -> None:
    """Log a 400 as our bug, unless the client can have caused it."""
    if "is unsupported" in text or not any(fault in text for fault in CLIENT_FAULTS):
        log.error("Cerebras refused a request that we built: %s", text)
