"""Every error of the application, as one tree.

Each class has an HTTP status. The body of an error response is the dialect's choice.

* CerellamaError             500
  + InvalidRequest           400  a fault of the client's request
    - BodyTooLarge           413
    - BodyTooSlow            408
  + AccessDenied             401
  + ModelNotFound            404
  + ConversationNotFound     404  the server stores no conversations
  + Cancelled                499  the client disconnected; no response is sent
    - ServerStopping         503  the server cancelled the request, the client waits
  + Unsupported              501  no upstream can do it
  + QueueFull                503  the queue for a slot is full
  + StoreUnavailable         503  derived models can be neither read nor written
  + UpstreamError            502  connection lost, 5xx, unreadable or cut short
    - KeyMissing             503  no API key is configured
    - KeyRefused             502  upstream status 401 or 403
    - RequestRefused         400  upstream status 400 or 422
    - PaymentRequired        402
    - ModelGone              404  the upstream does not serve this model id
    - RequestTooLarge        413
    - RateLimited            429  the API key is over its quota
      * ModelBusy            429  the model is overloaded, whichever key is used
    - UpstreamBusy           503
    - UpstreamTimeout        504
    - UpstreamLoop           508  the passthrough URL leads back to this server
"""

from collections.abc import Mapping


class CerellamaError(Exception):
    """An error with an HTTP status; `retry_after` is in seconds."""

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
    """An upstream request that failed.

    Attributes:
        upstream_status: The upstream's HTTP status; None if there was no response.
        headers: The headers of that response, names in lower case.
        code: The upstream's error code, such as "queue_exceeded"; "" if it sent none.
        retryable: Whether another attempt may succeed.
    """

    status = 502

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        upstream_status: int | None = None,
        headers: Mapping[str, str] | None = None,
        code: str = "",
        retryable: bool = False,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.upstream_status = upstream_status
        self.headers = headers or {}
        self.code = code
        self.retryable = retryable


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
    status = 429


class UpstreamBusy(UpstreamError):
    status = 503


class UpstreamTimeout(UpstreamError):
    status = 504


class UpstreamLoop(UpstreamError):
    status = 508
