"""Error responses of the API, quoted from reports unless a comment says "guess"."""

from collections.abc import Mapping
from typing import Any

INVALID = "invalid_request_error"


class ApiError(Exception):
    """An error response; a `str` body is sent as text, a mapping as JSON."""

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


def error_body(message: str, type: str, param: str, code: str) -> dict[str, str]:
    return {"message": message, "type": type, "param": param, "code": code}


def invalid_request(
    message: str, param: str = "validation_error", code: str = "wrong_api_format"
) -> ApiError:
    return ApiError(400, error_body(message, INVALID, param, code))


def model_not_found(model: object) -> ApiError:
    message = f"Model {model} does not exist or you do not have access to it."
    body = error_body(message, "not_found_error", "model", "model_not_found")
    return ApiError(404, body)


def context_length_exceeded(length: int, limit: int) -> ApiError:
    message = (
        "Please reduce the length of the messages or completion. "
        f"Current length is {length} while limit is {limit}"
    )
    return invalid_request(message, "messages", "context_length_exceeded")


SERVER_ERROR = error_body(
    "Encountered a server error, please try again.", "server_error", "", ""
)
# The data of an event that reports an error within a stream.
STREAM_ERROR = {"status_code": 500, "error": SERVER_ERROR | {"id": ""}}

# The errors that a script can name.
ERRORS: dict[str, tuple[int, Mapping[str, Any] | str]] = {
    "not_authenticated": (403, {"detail": "Not authenticated"}),
    "wrong_api_key": (
        401,
        error_body("Wrong API Key", INVALID, "api_key", "wrong_api_key"),
    ),
    "payment_required": (
        402,
        error_body(
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
        error_body(
            "Requests per minute limit exceeded - too many requests sent.",
            "too_many_requests_error",
            "quota",
            "request_quota_exceeded",
        ),
    ),
    "token_quota_exceeded": (
        429,
        error_body(
            "Tokens per minute limit exceeded - too many tokens processed.",
            "too_many_tokens_error",
            "quota",
            "token_quota_exceeded",
        ),
    ),
    # The documentation says that the text names the bucket; how is a guess.
    "total_token_quota_exceeded": (
        429,
        error_body(
            "Total tokens per minute limit exceeded - too many tokens processed.",
            "too_many_tokens_error",
            "quota",
            "token_quota_exceeded",
        ),
    ),
    "queue_exceeded": (
        429,
        error_body(
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
    "gateway_page": (  # guess: the real page is HTML, its text is unknown
        503,
        "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n"
        "<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n"
        "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n",
    ),
    # The statuses of the next three are known, their texts are guesses.
    "request_timeout": (
        408,
        error_body(
            "Request timed out.", "request_timeout_error", "", "request_timeout"
        ),
    ),
    "too_large": (
        413,
        error_body(
            "Content Too Large", INVALID, "validation_error", "content_too_large"
        ),
    ),
    "unprocessable": (
        422,
        error_body("Unprocessable", INVALID, "validation_error", "wrong_api_format"),
    ),
}

DEFAULT_ERRORS = {  # by status
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


def named_error(name: str) -> ApiError:
    status, body = ERRORS[name]
    return ApiError(status, body)
