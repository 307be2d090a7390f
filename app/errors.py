"""Everything that can go wrong, as one tree.

Each class knows its HTTP status; none knows a reply's body, that is a dialect's.

* CerellamaError             500
  + InvalidRequest           400  the caller's doing, told in words it can act on
    - BodyTooLarge           413
    - BodyTooSlow            408
  + AccessDenied             401
  + ModelNotFound            404
  + ConversationNotFound     404  one that the server should remember: none is kept
  + Cancelled                499  the client left: nobody reads the answer
    - ServerStopping         503  ended by us: the client is still there
  + Unsupported              501  what no upstream of ours can do
  + QueueFull                503  as many wait as may
  + StoreUnavailable         503  derived models cannot be read or written now
  + UpstreamError            502  refused, reset, 5xx, garbled or cut short
    - KeyMissing             503  no key is configured
    - KeyRefused             502  upstream's 401 and 403
    - RequestRefused         400  upstream's 400
    - PaymentRequired        402
    - ModelGone              404  upstream's word for an id it does not serve
    - RequestTooLarge        413
    - RateLimited            429
    - UpstreamBusy           503
    - UpstreamTimeout        504
    - UpstreamLoop           508  the way to the upstream leads back here
"""

from __future__ import annotations


class CerellamaError(Exception):
    """A failure with a status; `retry_after` is in seconds."""

    status = 500

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class InvalidRequest(CerellamaError):
    status = 400


class BodyTooLarge(InvalidRequest):
    status = 413


class BodyTooSlow(InvalidRequest):
    status = 408


class AccessDenied(CerellamaError):
    status = 401


class ModelNotFound(CerellamaError):
    status = 404


class ConversationNotFound(CerellamaError):
    status = 404


class Cancelled(CerellamaError):
    status = 499


class ServerStopping(Cancelled):
    status = 503


class Unsupported(CerellamaError):
    status = 501


class QueueFull(CerellamaError):
    status = 503


class StoreUnavailable(CerellamaError):
    status = 503


class UpstreamError(CerellamaError):
    status = 502


class KeyMissing(UpstreamError):
    status = 503


class KeyRefused(UpstreamError):
    status = 502


class RequestRefused(UpstreamError):
    status = 400


class PaymentRequired(UpstreamError):
    status = 402


class ModelGone(UpstreamError):
    status = 404


class RequestTooLarge(UpstreamError):
    status = 413


class RateLimited(UpstreamError):
    status = 429


class ModelBusy(RateLimited):
    """Too many ask for this model, with whatever key."""


class UpstreamBusy(UpstreamError):
    status = 503


class UpstreamTimeout(UpstreamError):
    status = 504


class UpstreamLoop(UpstreamError):
    status = 508
