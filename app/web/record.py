"""What is known of one request, from its arrival to the end of its answer."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter, time_ns
from typing import Protocol

from app.errors import CerellamaError
from app.http1.cancel import CancelToken
from app.translate.deltas import tokens
from app.web import requestid
from app.web.current import current_request
from app.wire.completion import TimeInfo, Usage

BAD_REQUEST = HTTPStatus.BAD_REQUEST
NO_ROUTE = "none"
OK = "ok"
CANCELLED = "cancelled"
PASSTHROUGH = "passthrough"  # in place of an upstream id
WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


_current: ContextVar[Record] = ContextVar("record")


class Counted(Protocol):
    """An answer of the upstream, whole or streamed, and what it told of its cost."""

    usage: Usage | None
    time_info: TimeInfo | None


@dataclass
class Record:
    id: str
    method: str
    route: str  # the rule, never the path as sent
    cancel: CancelToken
    began: float = field(default_factory=perf_counter)
    began_ns: int = field(default_factory=time_ns)  # since 1970
    body_bytes: int = 0
    name: str = ""  # of the model, as sent: a client's text
    model: str = ""  # the upstream's id
    answers: list[Counted] = field(default_factory=list)
    streaming: bool = False  # asked for lines, though a failure may come first
    status: int = 0
    failure: str = ""
    whole: bool = True  # False while a stream has not come to its end
    first_byte_s: float = 0.0
    # Known at its end:
    total_s: float = 0.0
    outcome: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    writing_s: float = 0.0  # by the upstream's clock, if it tells

    def end(self) -> None:
        """The answer is closed: count up what it came to."""
        self.total_s = self.elapsed_s()
        self.outcome = self.failure or (word(self.status) if self.whole else CANCELLED)
        told_s = 0.0
        for answer in self.answers:
            if answer.usage:
                self.tokens_in += tokens(answer.usage.prompt_tokens)
                self.tokens_out += tokens(answer.usage.completion_tokens)
            if answer.time_info:
                told_s += answer.time_info.completion_time or 0
        self.writing_s = told_s or self.total_s - self.first_byte_s

    def elapsed_s(self) -> float:
        return perf_counter() - self.began

    def fail(self, error: Exception) -> None:
        self.failure = outcome_of(error)


def begin() -> Record:
    """Open the record of the current request."""
    asked = current_request()
    rule = asked.url_rule
    opened = Record(
        id=requestid.of(asked),
        method=asked.method,
        route=rule.rule if rule else NO_ROUTE,
        cancel=CancelToken(asked.remote_addr or ""),
    )
    _current.set(opened)
    return opened


current = _current.get  # the record of the current request


def outcome_of(error: Exception) -> str:
    """A failure in one word: its class, in the words of a label."""
    if not isinstance(error, CerellamaError) or type(error) is CerellamaError:
        return word(HTTPStatus.INTERNAL_SERVER_ERROR)
    return WORD_START.sub("_", type(error).__name__).lower()


def word(status: int) -> str:
    """A status in one word, of which there are few."""
    if status < BAD_REQUEST:
        return OK
    try:
        return HTTPStatus(status).name.lower()
    except ValueError:
        return f"{status // 100}xx"
