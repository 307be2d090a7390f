"""The facts about one request that its log line and its metrics need."""

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter, time_ns
from typing import Protocol

from app.errors import CerellamaError
from app.wire.completion import TimeInfo, Usage, valid_tokens

OK = "ok"
CANCELLED = "cancelled"
PASSTHROUGH = "passthrough"  # the model label of a request that was relayed
WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


class UpstreamResult(Protocol):
    """A completion or a chunk stream, with the usage that the upstream reported."""

    usage: Usage | None
    time_info: TimeInfo | None


@dataclass
class RequestRecord:
    """Filled in by every step of a request; `finish` computes the last five fields."""

    id: str
    method: str
    route: str  # the URL rule, never the path as sent
    started: float = field(default_factory=perf_counter)
    started_ns: int = field(default_factory=time_ns)  # since 1970
    name: str = ""  # the model name as the client sent it
    model: str = ""  # upstream id; a fallback replaces it, a relay sets PASSTHROUGH
    results: list[UpstreamResult] = field(default_factory=list)
    streaming: bool = False  # the client asked for a stream; an error may come first
    status: int = 0
    failure: str = ""  # the outcome of an error
    complete: bool = True  # False while a stream has not reached its end
    first_byte_s: float = 0.0
    total_s: float = 0.0
    outcome: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    generation_s: float = 0.0  # by the upstream's clock, if it reports one

    def elapsed_s(self) -> float:
        """Return the seconds since the request arrived."""
        return perf_counter() - self.started

    def fail(self, error: Exception) -> None:
        """Record the error that decides the outcome."""
        self.failure = outcome_of_error(error)

    def finish(self) -> None:
        """Compute outcome, tokens and durations once the response is closed."""
        self.total_s = self.elapsed_s()
        finished = outcome_of_status(self.status) if self.complete else CANCELLED
        self.outcome = self.failure or finished
        reported_s = 0.0
        for result in self.results:
            if result.usage:
                self.tokens_in += valid_tokens(result.usage.prompt_tokens)
                self.tokens_out += valid_tokens(result.usage.completion_tokens)
            if result.time_info:
                reported_s += result.time_info.completion_time or 0
        self.generation_s = reported_s or self.total_s - self.first_byte_s


def outcome_of_error(error: Exception) -> str:
    """Return the error's class name in snake case; an unexpected one is a 500."""
    if not isinstance(error, CerellamaError) or type(error) is CerellamaError:
        return outcome_of_status(HTTPStatus.INTERNAL_SERVER_ERROR)
    return WORD_START.sub("_", type(error).__name__).lower()


def outcome_of_status(status: int) -> str:
    """Return "ok" below 400, else the name of the status in snake case."""
    if status < HTTPStatus.BAD_REQUEST:
        return OK
    try:
        return HTTPStatus(status).name.lower()
    except ValueError:
        return f"{status // 100}xx"
