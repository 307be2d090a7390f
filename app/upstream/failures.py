"""What went wrong upstream, in our words: statuses, error bodies, lost connections.

Of the upstream's own text only that of the statuses marked `quoted` reaches a client,
and a key never does.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

import msgspec
from urllib3.exceptions import ConnectTimeoutError

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
from app.http1.head import NotSendable
from app.wire.completion import Chunk

log = logging.getLogger(__name__)

CEREBRAS = "Cerebras"
MAX_TEXT = 1000
KEY = re.compile(r"csk-[\w-]+|(?<=Bearer )\S+")
RETRIED_STATUSES = frozenset({408, 429, *range(500, 600)})
CALLERS_FAULTS = ("context_length_exceeded", "image", "schema")


@dataclass(frozen=True)
class Refusal:
    """What a status means."""

    error: type[UpstreamError]
    sentence: str
    quoted: bool = False


KEY_REFUSED = "Cerebras refused the API key ({status}): check CEREBRAS_API_KEY"
REFUSED = "Cerebras refused the request ({status})"
FAILED = Refusal(UpstreamError, "Cerebras failed ({status})")
REDIRECTED = Refusal(
    UpstreamError, "Cerebras sent us elsewhere ({status}): check CEREBRAS_BASE_URL"
)
UNEXPECTED = Refusal(UpstreamError, "Cerebras answered with status {status}")
REFUSALS = {
    400: Refusal(RequestRefused, REFUSED, quoted=True),
    401: Refusal(KeyRefused, KEY_REFUSED),
    402: Refusal(PaymentRequired, "Cerebras asks for payment ({status})", quoted=True),
    403: Refusal(KeyRefused, KEY_REFUSED),
    408: Refusal(UpstreamTimeout, "Cerebras gave up on the request ({status})"),
    413: Refusal(
        RequestTooLarge,
        "the request is too large for Cerebras ({status})",
        quoted=True,
    ),
    422: Refusal(RequestRefused, REFUSED, quoted=True),
    429: Refusal(
        RateLimited, "Cerebras' rate limit is reached ({status})", quoted=True
    ),
    503: Refusal(UpstreamBusy, "Cerebras is busy ({status}): try again soon"),
}
BY_CODE = {
    (404, "model_not_found"): Refusal(ModelGone, "Cerebras does not serve this model"),
    (429, "queue_exceeded"): Refusal(
        ModelBusy, "Cerebras is busy ({status}): try again soon", quoted=True
    ),
}
BY_CLASS = {3: REDIRECTED, 5: FAILED}


def refused(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An answer with any other status than 200."""
    try:
        explanation = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        explanation = None
    return explained(status, headers, explanation)


def failed_in_stream(chunk: Chunk) -> UpstreamError:
    """An error that came where a chunk was due."""
    status = chunk.status_code or HTTPStatus.INTERNAL_SERVER_ERROR
    return explained(status, {}, {"error": chunk.error})


def explained(
    status: int, headers: Mapping[str, str], explanation: Any
) -> UpstreamError:
    """A status and the JSON that came with it."""
    refusal = REFUSALS.get(status) or BY_CLASS.get(status // 100, UNEXPECTED)
    code = field(explanation, "code")
    refusal = BY_CODE.get((status, code), refusal)
    said = text(explanation)
    if refusal.error is RequestRefused:
        log_our_fault(fit(f"{code} {field(explanation, 'param')} {said}"))
    message = (refusal.quoted and said) or refusal.sentence.format(status=status)
    return refusal.error(
        message,
        upstream_status=status,
        headers=headers,
        code=code,
        retryable=status in RETRIED_STATUSES,
    )


def field(explanation: Any, name: str) -> str:
    """A field of an error, flat or wrapped in `error`; "" when it is no text."""
    if not isinstance(explanation, dict):
        return ""
    value = explanation.get(name)
    if isinstance(value, str) and value:
        return value
    return field(explanation.get("error"), name)


def text(explanation: Any) -> str:
    """What an error says; a page of HTML says nothing."""
    said = field(explanation, "message")
    if not said and isinstance(explanation, dict):
        plain = (explanation.get("error"), explanation.get("detail"))
        said = next((each for each in plain if isinstance(each, str)), "")
    said = said.strip()
    return "" if said.startswith("<") else fit(said)


def fit(said: str) -> str:
    """Short, and without a key that was echoed."""
    said = KEY.sub("...", said)
    return said if len(said) <= MAX_TEXT else said[:MAX_TEXT] + "..."


def log_our_fault(said: str) -> None:
    """A 400 is our bug, unless the caller can have caused it."""
    if "is unsupported" in said or not any(fault in said for fault in CALLERS_FAULTS):
        log.error("Cerebras refused a request that we built: %s", said)


def not_sent(error: Exception, peer: str) -> UpstreamError:
    """An exchange that ended before an answer began."""
    cause = root_cause(error)
    if isinstance(cause, TimeoutError) and not isinstance(error, ConnectTimeoutError):
        return UpstreamTimeout(f"{peer} did not answer in time")
    if isinstance(cause, TimeoutError):
        return UpstreamTimeout(
            f"cannot reach {peer}: connecting timed out", retryable=True
        )
    message = f"cannot reach {peer}: {reason(cause)}"
    if isinstance(cause, ssl.SSLError) and not was_dropped(cause):
        return UpstreamError(message)
    if isinstance(cause, OSError):
        return UpstreamError(message, retryable=True)
    return UpstreamError(message)


def lost(error: OSError, peer: str) -> UpstreamError:
    """A connection that broke in the middle of an answer."""
    return cut_short(peer, f": {reason(error)}")


def cut_short(peer: str, why: str = "") -> UpstreamError:
    """An answer that ended before its end."""
    whose = f"{peer}'" if peer.endswith("s") else f"{peer}'s"
    return UpstreamError(f"{whose} answer was cut short{why}", retryable=True)


def was_dropped(cause: BaseException) -> bool:
    """Whether the other side just closed the connection."""
    return isinstance(cause, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError)


def root_cause(error: BaseException) -> BaseException:
    """What requests and urllib3 have wrapped."""
    wrapped = (*error.args, getattr(error, "reason", None), error.__cause__)
    inner = next((each for each in wrapped if isinstance(each, BaseException)), None)
    return root_cause(inner) if inner else error


def reason(cause: BaseException) -> str:
    """In words; never the text of an exception, which may hold what was sent."""
    said = cause.strerror if isinstance(cause, OSError) else None
    if said:
        return said[0].lower() + said[1:]
    if was_dropped(cause):
        return "the connection was closed"
    if isinstance(cause, NotSendable):
        return "the request would not be HTTP"
    return "its answer is not HTTP" if isinstance(cause, HTTPException) else "it failed"
