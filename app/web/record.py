"""What is known of one request, from its arrival to the end of its answer."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter, time_ns
from typing import Protocol

from flask import Request, request

from app.errors import CerellamaError
from app.translate.deltas import tokens
from app.upstream.cancel import Cancel
from app.web import requestid
from app.wire.completion import TimeInfo, Usage

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
    cancel: Cancel
    began: float = field(default_factory=perf_counter)
    began_ns: int = field(default_factory=time_ns)  # since 1970
    name: str = ""  # of the model, as sent: a client's text
    model: str = ""  # the upstream's id
    answers: list[Counted] = field(default_factory=list)
    streaming: bool = False  # asked for lines, though a failure may come first
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
    """Open the record of the current request; each look through its proxy costs."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    rule = asked.url_rule
    opened = Record(
        id=requestid.of(asked),
        method=asked.method,
        route=rule.rule if rule else NO_ROUTE,
        cancel=Cancel(asked.remote_addr or ""),
    )
    _current.set(opened)
    return opened


def current() -> Record:
    """The record of the current request."""
    return _current.get()


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
