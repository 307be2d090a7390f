"""Whether, when and with which key a request is tried again, until it is answered.

Another key at once when there is one; else a wait: in line for quota, by itself for
all that passes otherwise. Waits together stay within a limit.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import NoReturn, TypeVar

from app.errors import ModelBusy, RateLimited, UpstreamBusy, UpstreamError
from app.http1.cancel import CancelToken
from app.metrics import RETRIES, WAITS
from app.upstream import need, quota, retry
from app.upstream.errand import Errand, soonest
from app.upstream.keys import REFUSED_S, Key, Keys
from app.upstream.line import Line, Ticket
from app.upstream.quota import Opening

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_WAITS = 10
KEY_REFUSED = (401, 402, 403)
LOST = "lost"  # as metrics tell a broken connection
FOR_QUOTA = WAITS.labels("quota")
FOR_RETRY = WAITS.labels("retry")
CAP_HINT = (
    "Cerebras reserves tokens for the longest answer that a request allows: "
    "set DEFAULT_NUM_PREDICT, or a limit in the request."
)


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
            except UpstreamError as failure:
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
            was_refused, errand.key.refused_until = errand.key.refused_until, 0.0
            changed = self._line(errand.model).learn(errand.key, headers, sent)
            if was_refused or changed:
                self.keys.tell(self.clock())

    def _choose(self, errand: Errand) -> Key:
        with self._lock:
            if errand.key is None:  # else its turn in line came with one
                tried = errand.tried
                errand.key = self.keys.choose(errand.model, tried, self.clock())
            self.keys.use(errand.key)
            return errand.key

    def _note(self, errand: Errand, key: Key, failure: UpstreamError) -> None:
        """Remember what a failure tells of its key."""
        errand.met[key] = failure
        with self._lock:
            now = self.clock()
            if failure.upstream_status in KEY_REFUSED:
                errand.refused.add(key)
                self._refuse(key, failure, now)
            elif is_quota(failure):
                tokens = need.tokens(errand.request)
                opening = quota.opening(failure.headers, tokens)
                backoff = Opening(retry.backoff(errand.waits, self._chance()))
                errand.openings[key] = opening or backoff
                self._line(errand.model).refuse(key, errand.openings[key])
            self.keys.tell(now)

    def _refuse(self, key: Key, failure: UpstreamError, now: float) -> None:
        if len(self.keys.all) > 1 and key.refused_until <= now:
            log.warning(
                "Key %d was refused (%s): it rests for %d minutes",
                key.place,
                failure.upstream_status,
                REFUSED_S // 60,
            )
        key.refused_until = now + REFUSED_S

    def _go_on(self, errand: Errand, failure: UpstreamError) -> None:
        """Return when it is time for another attempt; raise when that was the last."""
        passes = failure.upstream_status in KEY_REFUSED or failure.retryable
        if not passes or (errand.has_substitute and is_overload(failure)):
            raise failure
        if len(errand.tried) < len(self.keys.all):
            log.info("%s; trying another key", failure)
        elif not errand.passing:
            raise failure
        elif cap := errand.cap():
            log.info("%s; trying again with %d, what is left, as cap", failure, cap)
        else:
            self._wait(errand)
            errand.start_anew()
        RETRIES.labels(str(failure.upstream_status or LOST)).inc()

    def _wait(self, errand: Errand) -> None:
        """In line when all keys are out of quota, else for whatever passes first."""
        passing = errand.passing
        others = [met for met in passing.values() if not is_quota(met)]
        if others:
            self._wait_alone(errand, others)
        else:
            self._wait_in_line(errand)

    def _wait_alone(self, errand: Errand, failures: Sequence[UpstreamError]) -> None:
        chance = self._chance()
        waits = [retry.delay(errand.waits, each.headers, chance) for each in failures]
        wait_s, failure = soonest(waits, failures)
        if errand.waits == MAX_WAITS or errand.waited_s + wait_s > self.limit_s:
            self._give_up(errand, failure, wait_s)
        log.info("%s; trying again in %.1f s", failure, wait_s)
        errand.cancel.sleep(wait_s)
        errand.waited_s += wait_s
        FOR_RETRY.observe(wait_s)

    def _wait_in_line(self, errand: Errand) -> None:
        told = [opening.told_s for opening in errand.openings.values()]
        told_s, failure = soonest(told, [errand.met[key] for key in errand.openings])
        begun = self.clock()
        ticket = Ticket(
            errand.cancel.caller,
            tokens=need.tokens(errand.request),
            until=begun + self.limit_s - errand.waited_s,
        )
        again = errand.waits > 0
        with self._lock:
            line = self._line(errand.model)
            if errand.waits == MAX_WAITS or not line.join(ticket, again=again):
                self._give_up(errand, failure, told_s)
        log.info("%s; waiting for quota", failure)
        has_turn = self._stand(line, ticket, errand.cancel)
        waited_s = self.clock() - begun
        FOR_QUOTA.observe(waited_s)
        errand.waited_s += waited_s
        errand.key = ticket.key
        if not has_turn:
            self._give_up(errand, failure, told_s)

    def _stand(self, line: Line, ticket: Ticket, cancel: CancelToken) -> bool:
        """Whether its turn came before its time was up."""
        try:
            while True:
                with self._lock:
                    wait_s = line.look(ticket)
                if not wait_s:
                    return wait_s is not None
                cancel.wait(ticket.turn, wait_s)
        except BaseException:
            with self._lock:
                line.leave(ticket)
            raise

    def _give_up(
        self, errand: Errand, failure: UpstreamError, wait_s: float
    ) -> NoReturn:
        if isinstance(failure, RateLimited | UpstreamBusy):
            failure.retry_after = wait_s
        if errand.lacks_cap:
            failure.message += f" {CAP_HINT}"
        raise failure

    def _line(self, model: str) -> Line:
        if model not in self._lines:
            self._lines[model] = Line(model, self.keys, self.clock)
        return self._lines[model]


def is_overload(error: UpstreamError) -> bool:
    """Return whether the model has too much to do, whichever key is used."""
    return isinstance(error, UpstreamBusy | ModelBusy)


def is_quota(error: UpstreamError) -> bool:
    """Return whether the key is over its quota."""
    return isinstance(error, RateLimited) and not is_overload(error)
