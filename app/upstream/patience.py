"""Whether, when and with which key a request is tried again, until it is answered.

Another key at once when there is one; else a wait: in line for quota, by itself for
all that passes otherwise. Waits together stay within a limit.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from threading import Lock
from time import monotonic
from typing import Any, NoReturn, TypeVar

from app import metrics
from app.errors import Cancelled, RateLimited, UpstreamBusy
from app.upstream import need, quota, retry
from app.upstream.cancel import Cancel
from app.upstream.failures import Failure
from app.upstream.keys import REFUSED_S, Key, Keys
from app.upstream.line import Line, Ticket
from app.upstream.quota import Opening

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_WAITS = 10
KEY_REFUSED = (401, 402, 403)
LOST = "lost"  # as metrics tell a broken connection
FOR_QUOTA = metrics.WAITS.labels("quota")
FOR_RETRY = metrics.WAITS.labels("retry")
CAP_HINT = (
    "Cerebras reserves tokens for the longest answer a request allows: "
    "set DEFAULT_NUM_PREDICT, or num_predict in the request"
)


@dataclass(eq=False)
class Errand:
    """One request on its way, and what it has met so far."""

    request: dict[str, Any]  # in the upstream form
    cancel: Cancel
    has_substitute: bool = False  # another model stands by, should this one be busy
    key: Key | None = None  # which it goes with
    waits: int = 0
    waited_s: float = 0.0
    was_capped: bool = False  # by us
    met: dict[Key, Failure] = field(default_factory=dict)  # since the last wait
    refused: set[Key] = field(default_factory=set)

    @property
    def model(self) -> str:
        return str(self.request.get("model", ""))

    @property
    def lacks_cap(self) -> bool:
        """Whether it is refused for what it reserves, and its sender set no limit."""
        for_tokens = any(met.is_for_tokens for met in self.met.values())
        return for_tokens and (self.was_capped or not need.is_capped(self.request))

    @property
    def passing(self) -> dict[Key, Failure]:
        """The failures that another attempt may not meet."""
        return {k: met for k, met in self.met.items() if k not in self.refused}


class Patience:
    def __init__(
        self,
        secrets: Sequence[str],
        limit_s: float,
        *,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.keys = Keys(secrets)
        self.limit_s = limit_s  # for all waits of one request together
        self.clock = clock
        self._chance = chance
        self._lines: dict[str, Line] = {}
        self._lock = Lock()

    def persist(self, errand: Errand, attempt: Callable[[Key], T]) -> T:
        """What an attempt brings at last; its key is to be released in the end."""
        while True:
            key = self._choose(errand)
            try:
                return attempt(key)
            except Failure as failure:
                self.release(errand)
                self._note(errand, key, failure)
                self._go_on(errand, failure)
            except BaseException:
                self.release(errand)
                raise

    def release(self, errand: Errand) -> None:
        """The request is done with its key."""
        with self._lock:
            if errand.key is not None:
                errand.key.active -= 1
                errand.key = None

    def learn(self, errand: Errand, headers: Mapping[str, str], sent: float) -> None:
        """A request that was sent then, by our clock, is being answered."""
        with self._lock:
            if errand.key is None:
                return
            if errand.key.refused_until:
                errand.key.refused_until = 0.0
                self.keys.tell(self.clock())
            self._line(errand.model).learn(errand.key, headers, sent)

    def _choose(self, errand: Errand) -> Key:
        with self._lock:
            tried = errand.refused.union(errand.met)
            if errand.key is None:  # else its turn in line came with one
                errand.key = self.keys.choose(errand.model, tried, self.clock())
            self.keys.use(errand.key)
            return errand.key

    def _note(self, errand: Errand, key: Key, failure: Failure) -> None:
        """Remember what a failure tells of its key."""
        errand.met[key] = failure
        with self._lock:
            now = self.clock()
            if failure.status in KEY_REFUSED:
                errand.refused.add(key)
                self._refuse(key, failure, now)
            elif failure.is_quota:
                opening = self._opening(errand, failure)
                self._line(errand.model).refuse(key, opening)
            self.keys.tell(now)

    def _opening(self, errand: Errand, failure: Failure) -> Opening:
        opening = quota.opening(failure.headers, need.tokens(errand.request))
        return opening or Opening(retry.backoff(errand.waits, self._chance()))

    def _refuse(self, key: Key, failure: Failure, now: float) -> None:
        if len(self.keys.all) > 1 and key.refused_until <= now:
            log.warning(
                "Key %d was refused (%s): it rests for %d minutes",
                key.place,
                failure.status,
                REFUSED_S // 60,
            )
        key.refused_until = now + REFUSED_S

    def _go_on(self, errand: Errand, failure: Failure) -> None:
        """Return when it is time for another attempt; raise when that was the last."""
        is_lasting = not (
            failure.status in KEY_REFUSED or retry.is_passing(failure.status)
        )
        if is_lasting or (errand.has_substitute and failure.is_overload):
            raise failure.error from failure.__cause__
        if len(errand.refused.union(errand.met)) < len(self.keys.all):
            log.info("%s; trying another key", failure.error)
        elif not errand.passing:
            raise failure.error from failure.__cause__
        elif not self._cap(errand):
            self._wait(errand)
            errand.met.clear()
        metrics.RETRIES.labels(str(failure.status or LOST)).inc()

    def _cap(self, errand: Errand) -> bool:
        """Ask for a shorter answer, once, if the tokens of the minute allow one."""
        if not errand.lacks_cap or errand.was_capped:
            return False
        left = {key: quota.tokens_left(f.headers) for key, f in errand.met.items()}
        key = max(left, key=lambda each: left[each])
        cap = int(left[key]) - need.prompt_tokens(errand.request)
        if cap < need.LEAST_CAP:
            return False
        log.info(
            "%s; trying again with what is left of them as its cap: %d",
            errand.met[key].error,
            cap,
        )
        errand.request = need.with_cap(errand.request, cap)
        errand.was_capped = True
        del errand.met[key]
        return True

    def _wait(self, errand: Errand) -> None:
        """In line when all keys are out of quota, else for whatever passes first."""
        passing = errand.passing.values()
        others = [failure for failure in passing if not failure.is_quota]
        if others:
            self._wait_alone(errand, others)
        else:
            self._wait_in_line(errand, list(passing))
        errand.waits += 1

    def _wait_alone(self, errand: Errand, failures: Sequence[Failure]) -> None:
        chance = self._chance()
        waits = [retry.delay(errand.waits, each.headers, chance) for each in failures]
        wait_s, failure = min(zip(waits, failures, strict=True), key=itemgetter(0))
        if errand.waited_s + wait_s > self.limit_s or errand.waits == MAX_WAITS:
            self._give_up(errand, failure, wait_s)
        log.info("%s; trying again in %.1f s", failure.error, wait_s)
        errand.cancel.wait(wait_s)
        errand.waited_s += wait_s
        FOR_RETRY.observe(wait_s)

    def _wait_in_line(self, errand: Errand, failures: Sequence[Failure]) -> None:
        told = [self._opening(errand, each).told_s for each in failures]
        told_s, failure = min(zip(told, failures, strict=True), key=itemgetter(0))
        begun = self.clock()
        ticket = Ticket(
            errand.cancel.caller,
            tokens=need.tokens(errand.request),
            until=begun + self.limit_s - errand.waited_s,
        )
        with self._lock:
            line = self._line(errand.model)
            opens_in = line.opens_in()
            joined = errand.waits < MAX_WAITS and line.join(
                ticket, again=errand.waits > 0
            )
        if not joined:
            self._give_up(errand, failure, told_s)
        log.info("%s; waiting for quota, %.1f s or more", failure.error, opens_in)
        if not self._stand(line, ticket, errand.cancel):
            self._give_up(errand, failure, told_s)
        errand.key = ticket.key
        waited_s = self.clock() - begun
        errand.waited_s += waited_s
        FOR_QUOTA.observe(waited_s)

    def _stand(self, line: Line, ticket: Ticket, cancel: Cancel) -> bool:
        """Whether its turn came before its time was up."""
        try:
            while True:
                with self._lock:
                    wait_s = line.look(ticket)
                if not wait_s:
                    return wait_s is not None
                cancel.wait_for(ticket.turn, wait_s)
        except Cancelled:
            with self._lock:
                line.leave(ticket)
            raise

    def _give_up(self, errand: Errand, failure: Failure, wait_s: float) -> NoReturn:
        error = failure.error
        if isinstance(error, RateLimited | UpstreamBusy):
            error.retry_after = wait_s
        if errand.lacks_cap:
            error.message += f". {CAP_HINT}"
        raise error from failure.__cause__

    def _line(self, model: str) -> Line:
        if model not in self._lines:
            self._lines[model] = Line(model, self.keys, self.clock)
        return self._lines[model]
