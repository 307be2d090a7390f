"""Failed HTTP exchanges as UpstreamErrors.

Messages never contain an exception's own text, which may quote what was sent.
`peer` is the upstream's name in messages.
"""

import ssl
from http.client import HTTPException

from app.errors import UpstreamError, UpstreamTimeout
from app.http1.messages import NotSendable

DISCONNECTS = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class CannotConnect(Exception):
    """The proxy or CA settings allow no connection; the message says why."""


def connect_error(error: Exception, peer: str) -> UpstreamError:
    """Return the error for a connection that was not established."""
    cause = error.__cause__ or error  # urllib3 wraps the system's error
    if isinstance(cause, TimeoutError):
        return UpstreamTimeout(
            f"cannot reach {peer}: connecting timed out", retryable=True
        )
    return _unreachable(cause, peer)


def no_response_error(error: Exception, peer: str) -> UpstreamError:
    """Return the error for a request on a connection that brought no response."""
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(f"{peer} did not answer in time")
    return _unreachable(error, peer)


def incomplete_error(peer: str, error: OSError | None = None) -> UpstreamError:
    """Return the error for a response that ended before it was complete."""
    possessive = f"{peer}'" if peer.endswith("s") else f"{peer}'s"
    reason = f": {_reason(error)}" if error else ""
    return UpstreamError(f"{possessive} answer was cut short{reason}", retryable=True)


def _unreachable(cause: BaseException, peer: str) -> UpstreamError:
    # A certificate that is not accepted will not be accepted next time.
    is_tls_fault = isinstance(cause, ssl.SSLError) and not isinstance(
        cause, DISCONNECTS
    )
    retryable = isinstance(cause, OSError) and not is_tls_fault
    return UpstreamError(f"cannot reach {peer}: {_reason(cause)}", retryable=retryable)


def _reason(cause: BaseException) -> str:
    if isinstance(cause, CannotConnect):
        return str(cause)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror[0].lower() + cause.strerror[1:]
    if isinstance(cause, DISCONNECTS):
        return "the connection was closed"
    if isinstance(cause, NotSendable):
        return "the request would not be HTTP"
    return "its answer is not HTTP" if isinstance(cause, HTTPException) else "it failed"
