"""What Cerebras can do wrong, and the error that a client of this server gets.

`docs/reliability.md` shows FAULTS; `tests/test_reliability.py` compares the two.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

IDLE_S = 0.2  # the idle timeout of tests in which Cerebras stalls

WORDS = {"content": "one two three four", "delta_size": 4}
AFTER_THREE_EVENTS = {**WORDS, "after": 3}  # the role, and two deltas with content
PAGE = "<html><body>secret gateway</body></html>"

CUT = "Cerebras' answer was cut short"
SILENT = f"Cerebras sent nothing for {IDLE_S} seconds"
NO_RESPONSE = "Cerebras did not answer in time"
UNDECODABLE = "Cerebras sent something unintelligible"
UNREACHABLE = "cannot reach Cerebras: "
TOO_LARGE = "Cerebras sent an answer that is too large"
OVERSIZED_EVENT = "Cerebras sent an event without an end"


class Outcome(NamedTuple):
    """The status and error text of a reply.

    With status 200 the text is that of the stream's last event, or "" for success.
    """

    status: int
    text: str


SUCCESS = Outcome(200, "")


def last_event(text: str) -> Outcome:
    return Outcome(200, text)


class Fault(NamedTuple):
    script: dict[str, Any]  # for fake_cerebras
    whole: Outcome
    streamed: Outcome


def before_the_first_chunk(script: dict[str, Any], status: int, text: str) -> Fault:
    """Return a fault that whole and streamed replies report alike."""
    return Fault(script, Outcome(status, text), Outcome(status, text))


FAULTS: Mapping[str, Fault] = {
    "resets the connection before the response": before_the_first_chunk(
        {"fault": "reset"}, 502, UNREACHABLE + "connection reset by peer"
    ),
    "closes the connection before the response": before_the_first_chunk(
        {"fault": "cut"}, 502, UNREACHABLE + "the connection was closed"
    ),
    "stalls before the response": before_the_first_chunk(
        {"fault": "stall"}, 504, NO_RESPONSE
    ),
    "stalls in the head": before_the_first_chunk(
        {"fault": "stall_in_head"}, 504, NO_RESPONSE
    ),
    "stalls after the head": before_the_first_chunk(
        {"fault": "stall", "after": 0}, 504, SILENT
    ),
    "stalls in mid-stream": Fault(
        {**AFTER_THREE_EVENTS, "fault": "stall"},
        Outcome(504, SILENT),
        last_event(SILENT),
    ),
    "does not send HTTP": before_the_first_chunk(
        {"fault": "garbage"}, 502, UNREACHABLE + "its answer is not HTTP"
    ),
    "sends garbage in mid-stream": Fault(
        {**AFTER_THREE_EVENTS, "fault": "garbage"},
        Outcome(502, UNDECODABLE),
        last_event(UNDECODABLE),
    ),
    "sends 200 with an HTML page": Fault(
        {"status": 200, "body": PAGE}, Outcome(502, UNDECODABLE), Outcome(502, CUT)
    ),
    "sends 502 with an HTML page": before_the_first_chunk(
        {"status": 502, "body": PAGE}, 502, "Cerebras failed (502)"
    ),
    "sends half an event in mid-stream": Fault(
        {**AFTER_THREE_EVENTS, "fault": "half_event"},
        Outcome(502, UNDECODABLE),
        last_event(CUT),
    ),
    "sends half an event first": Fault(
        {"fault": "half_event"}, Outcome(502, UNDECODABLE), Outcome(502, CUT)
    ),
    "sends a line of 100 MB in mid-stream": Fault(
        {**AFTER_THREE_EVENTS, "fault": "flood"},
        Outcome(502, TOO_LARGE),
        last_event(OVERSIZED_EVENT),
    ),
    "sends a line of 100 MB first": Fault(
        {"fault": "flood"}, Outcome(502, TOO_LARGE), Outcome(502, OVERSIZED_EVENT)
    ),
    "sends wrong types": Fault(
        {"status": 200, "body": {"choices": "secret"}},
        Outcome(502, UNDECODABLE),
        Outcome(502, CUT),
    ),
    "sends usage as text": Fault(
        {**WORDS, "usage": {"prompt_tokens": "secret"}},
        Outcome(502, UNDECODABLE),
        last_event(UNDECODABLE),
    ),
    "sends absurd usage and times": Fault(
        {
            **WORDS,
            "usage": {"prompt_tokens": -1, "completion_tokens": 10**30},
            "time_info": {"prompt_time": 1e300, "completion_time": -1},
        },
        SUCCESS,
        SUCCESS,
    ),
    "sends no choices": Fault(
        {"status": 200, "body": {"choices": []}},
        Outcome(502, "Cerebras returned no choices"),
        Outcome(502, CUT),
    ),
    "sends an unknown finish reason": Fault(
        {**WORDS, "finish_reason": "banana"}, SUCCESS, SUCCESS
    ),
    "omits usage": Fault({**WORDS, "omit": ["usage"]}, SUCCESS, SUCCESS),
    "omits its times": Fault({**WORDS, "omit": ["time_info"]}, SUCCESS, SUCCESS),
    "omits [DONE]": Fault({**WORDS, "omit": ["done"]}, SUCCESS, SUCCESS),
    "omits the finish reason": Fault(
        {**WORDS, "omit": ["finish_reason"]}, SUCCESS, last_event(CUT)
    ),
    "closes the connection in mid-stream": Fault(
        {**AFTER_THREE_EVENTS, "fault": "cut"}, Outcome(502, CUT), last_event(CUT)
    ),
    "resets the connection in mid-stream": Fault(
        {**AFTER_THREE_EVENTS, "fault": "reset"},
        Outcome(502, CUT + ": connection reset by peer"),
        last_event(CUT + ": connection reset by peer"),
    ),
    "sends the final chunk of the body before the reply is complete": Fault(
        {**AFTER_THREE_EVENTS, "fault": "end"},
        Outcome(502, UNDECODABLE),
        last_event(CUT),
    ),
    "closes the connection after the finish reason": Fault(
        {**WORDS, "fault": "cut", "after": 10**6}, Outcome(502, CUT), SUCCESS
    ),
    "sends an error in mid-stream": Fault(
        {**AFTER_THREE_EVENTS, "fault": "in_stream_error"},
        Outcome(502, UNDECODABLE),
        last_event("Cerebras failed (500)"),
    ),
}


class ErrorResponse(NamedTuple):
    script: dict[str, Any]  # for fake_cerebras
    status: int  # of our reply
    text: str
    retry_after: str | None = None  # the header of our reply


BUSY = {
    "message": "We're experiencing high traffic right now!",
    "code": "queue_exceeded",
}
ERROR_RESPONSES: Mapping[str, ErrorResponse] = {
    "context length": ErrorResponse(
        {"error": "context_length_exceeded"},
        400,
        "Please reduce the length of the messages or completion. "
        "Current length is 136333 while limit is 131072",
    ),
    "unprocessable": ErrorResponse({"status": 422}, 400, "Unprocessable"),
    "key refused": ErrorResponse(
        {"error": "wrong_api_key"},
        502,
        "Cerebras refused the API key (401): check CEREBRAS_API_KEY",
    ),
    "not authenticated": ErrorResponse(
        {"error": "not_authenticated"},
        502,
        "Cerebras refused the API key (403): check CEREBRAS_API_KEY",
    ),
    "payment": ErrorResponse(
        {"error": "payment_required"},
        402,
        "Payment required to access this resource. Visit your billing tab.",
    ),
    "no such path": ErrorResponse(
        {"status": 404, "body": ""}, 502, "Cerebras answered with status 404"
    ),
    "timeout": ErrorResponse(
        {"status": 408}, 504, "Cerebras gave up on the request (408)"
    ),
    "too large": ErrorResponse({"status": 413}, 413, "Content Too Large"),
    "rate limit": ErrorResponse(
        {"status": 429, "headers": {"retry-after": "7"}},
        429,
        "Requests per minute limit exceeded - too many requests sent.",
        "7",
    ),
    "rate limit by a window": ErrorResponse(
        {
            "status": 429,
            "headers": {
                "x-ratelimit-remaining-tokens-minute": "0",
                "x-ratelimit-reset-tokens-minute": "11.38",
            },
        },
        429,
        "Requests per minute limit exceeded - too many requests sent.",
        "12",
    ),
    "queue": ErrorResponse(
        {"status": 503, "body": BUSY, "headers": {"retry-after": "3"}},
        503,
        "Cerebras is busy (503): try again soon",
        "3",
    ),
    "server error": ErrorResponse({"status": 500}, 502, "Cerebras failed (500)"),
    "gateway": ErrorResponse(
        {"status": 502, "body": PAGE}, 502, "Cerebras failed (502)"
    ),
    "gateway timeout": ErrorResponse(
        {"status": 504, "body": PAGE}, 502, "Cerebras failed (504)"
    ),
    "redirect": ErrorResponse(
        {"status": 302, "body": PAGE, "headers": {"location": "http://evil.example"}},
        502,
        "Cerebras redirected the request (302): check CEREBRAS_BASE_URL",
    ),
}
