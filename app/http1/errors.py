"""Failed HTTP exchanges as UpstreamErrors.

Messages never contain an exception's own text, which may quote what was sent.
`peer` is the upstream's name in messages.
"""

from __future__ import annotations

import ssl
from http.client import HTTPException

from urllib3.exceptions import ConnectTimeoutError

from app.errors import UpstreamError, UpstreamTimeout
from app.http1.head import NotSendable


def no_response_error(error: Exception, peer: str) -> UpstreamError:
    """Return the error for an exchange that failed before a response began."""
    cause = _root_cause(error)
    if isinstance(cause, TimeoutError) and not isinstance(error, ConnectTimeoutError):
        return UpstreamTimeout(f"{peer} did not answer in time")
    if isinstance(cause, TimeoutError):
        return UpstreamTimeout(
            f"cannot reach {peer}: connecting timed out", retryable=True
        )
    # A certificate that is not accepted will not be accepted next time.
    is_tls_fault = isinstance(cause, ssl.SSLError) and not is_disconnect(cause)
    retryable = isinstance(cause, OSError) and not is_tls_fault
    return UpstreamError(f"cannot reach {peer}: {_reason(cause)}", retryable=retryable)


def read_error(error: OSError, peer: str) -> UpstreamError:
    """Return the error for a connection that broke in the middle of a response."""
    return incomplete_error(peer, f": {_reason(error)}")


def incomplete_error(peer: str, reason: str = "") -> UpstreamError:
    """Return the error for a response that ended before it was complete."""
    possessive = f"{peer}'" if peer.endswith("s") else f"{peer}'s"
    return UpstreamError(f"{possessive} answer was cut short{reason}", retryable=True)


def is_disconnect(error: BaseException) -> bool:
    """Return whether the other side just closed the connection."""
    return isinstance(error, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _root_cause(error: BaseException) -> BaseException:
    """Return the exception that requests and urllib3 have wrapped."""
    wrapped = (*error.args, getattr(error, "reason", None), error.__cause__)
    inner = next((each for each in wrapped if isinstance(each, BaseException)), None)
    return _root_cause(inner) if inner else error


def _reason(cause: BaseException) -> str:
    text = cause.strerror if isinstance(cause, OSError) else None
    if text:
        return text[0].lower() + text[1:]
    if is_disconnect(cause):
        return "the connection was closed"
    if isinstance(cause, NotSendable):
        return "the request would not be HTTP"
    return "its answer is not HTTP" if isinstance(cause, HTTPException) else "it failed"
