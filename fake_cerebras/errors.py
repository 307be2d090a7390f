"""The error bodies of the API: quoted from reports unless marked as guesses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

INVALID = "invalid_request_error"


class Refused(Exception):
    """A request that is answered with an error; a `str` body is no JSON."""

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any] | str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def flat(message: str, type: str, param: str, code: str) -> dict[str, str]:
    return {"message": message, "type": type, "param": param, "code": code}


def invalid(
    message: str, param: str = "validation_error", code: str = "wrong_api_format"
) -> Refused:
    return Refused(400, flat(message, INVALID, param, code))


def invalid_all(faults: Iterable[str]) -> Refused:
    return invalid("\n".join(faults))


def model_not_found(model: object) -> Refused:
    message = f"Model {model} does not exist or you do not have access to it."
    body = flat(message, "not_found_error", "model", "model_not_found")
    return Refused(404, body)


def context_length_exceeded(length: int, limit: int) -> Refused:
    message = (
        "Please reduce the length of the messages or completion. "
        f"Current length is {length} while limit is {limit}"
    )
    return invalid(message, "messages", "context_length_exceeded")


SERVER_ERROR = flat(
    "Encountered a server error, please try again.", "server_error", "", ""
)
IN_STREAM_ERROR = {"status_code": 500, "error": SERVER_ERROR | {"id": ""}}

NAMED: dict[str, tuple[int, Mapping[str, Any] | str]] = {
    "not_authenticated": (403, {"detail": "Not authenticated"}),
    "wrong_api_key": (
        401,
        flat("Wrong API Key", INVALID, "api_key", "wrong_api_key"),
    ),
    "payment_required": (
        402,
        flat(
            "Payment required to access this resource. Visit your billing tab.",
            "payment_required_error",
            "quota",
            "payment_required",
        ),
    ),
    "browser_banned": (403, "error code: 1010"),
    "model_not_found": (404, model_not_found("gpt-oss-120b").body),
    "request_quota_exceeded": (
        429,
        flat(
            "Requests per minute limit exceeded - too many requests sent.",
            "too_many_requests_error",
            "quota",
            "request_quota_exceeded",
        ),
    ),
    "token_quota_exceeded": (
        429,
        flat(
            "Tokens per minute limit exceeded - too many tokens processed.",
            "too_many_tokens_error",
            "quota",
            "token_quota_exceeded",
        ),
    ),
    "queue_exceeded": (
        429,
        flat(
            "We're experiencing high traffic right now! Please try again soon.",
            "too_many_requests_error",
            "queue",
            "queue_exceeded",
        ),
    ),
    "context_length_exceeded": (
        400,
        context_length_exceeded(136333, 131072).body,
    ),
    "server_error": (500, SERVER_ERROR),
    "gateway_page": (  # a guess: the sheet says HTML, not which
        503,
        "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n"
        "<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n"
        "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n",
    ),
    # The three below: the statuses are known, the texts are guesses.
    "request_timeout": (
        408,
        flat("Request timed out.", "request_timeout_error", "", "request_timeout"),
    ),
    "too_large": (
        413,
        flat("Content Too Large", INVALID, "validation_error", "content_too_large"),
    ),
    "unprocessable": (
        422,
        flat("Unprocessable", INVALID, "validation_error", "wrong_api_format"),
    ),
}

BY_STATUS = {
    400: "context_length_exceeded",
    401: "wrong_api_key",
    402: "payment_required",
    403: "not_authenticated",
    404: "model_not_found",
    408: "request_timeout",
    413: "too_large",
    422: "unprocessable",
    429: "request_quota_exceeded",
    500: "server_error",
    502: "gateway_page",
    503: "gateway_page",
    504: "gateway_page",
}


def named(name: str) -> Refused:
    status, body = NAMED[name]
    return Refused(status, body)
