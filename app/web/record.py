"""What is known of one request, from its arrival to the end of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Protocol, cast

from flask import g, request

from app.errors import CerellamaError
from app.translate.deltas import tokens
from app.web import requestid
from app.wire.completion import TimeInfo, Usage

NO_ROUTE = "none"
OK = "ok"
CANCELLED = "cancelled"
PASSTHROUGH = "passthrough"  # in place of an upstream id
WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Counted(Protocol):
    """An answer of the upstream, whole or streamed, and what it told of its cost."""

    usage: Usage | None
    time_info: TimeInfo | None


@dataclass
class Record:
    id: str
    method: str
    route: str  # the rule, never the path as sent
    began: float = field(default_factory=perf_counter)
    name: str = ""  # of the model, as sent: a client's text
    model: str = ""  # the upstream's id
    answers: list[Counted] = field(default_factory=list)
    status: int = 0
    failure: str = ""
    whole: bool = True  # False while a stream has not come to its end
    first_byte_s: float = 0.0
    total_s: float = 0.0

    @property
    def outcome(self) -> str:
        if self.failure:
            return self.failure
        return word(self.status) if self.whole else CANCELLED

    @property
    def tokens_in(self) -> int:
        return sum(tokens(usage.prompt_tokens) for usage in self._usages())

    @property
    def tokens_out(self) -> int:
        return sum(tokens(usage.completion_tokens) for usage in self._usages())

    @property
    def writing_s(self) -> float:
        """How long the answer took to write, by the upstream's clock if it tells."""
        times = [each.time_info for each in self.answers if each.time_info]
        told = sum(time.completion_time or 0 for time in times)
        return told or self.total_s - self.first_byte_s

    def elapsed_s(self) -> float:
        return perf_counter() - self.began

    def fail(self, error: Exception) -> None:
        self.failure = outcome_of(error)

    def _usages(self) -> list[Usage]:
        return [each.usage for each in self.answers if each.usage]


def begin() -> Record:
    """Open the record of the current request."""
    rule = request.url_rule
    g.record = Record(
        id=requestid.of_request(),
        method=request.method,
        route=rule.rule if rule else NO_ROUTE,
    )
    return cast(Record, g.record)


def current() -> Record:
    """The record of the current request."""
    return cast(Record, g.record) if "record" in g else begin()


def outcome_of(error: Exception) -> str:
    """A failure in one word: its class, in the words of a label."""
    if not isinstance(error, CerellamaError) or type(error) is CerellamaError:
        return word(HTTPStatus.INTERNAL_SERVER_ERROR)
    return WORD_START.sub("_", type(error).__name__).lower()


def word(status: int) -> str:
    """A status in one word, of which there are few."""
    if status < HTTPStatus.BAD_REQUEST:
        return OK
    try:
        return HTTPStatus(status).name.lower()
    except ValueError:
        return f"{status // 100}xx"
