"""Whether, when and with which API key a failed upstream request is tried again.

After a failure `RequestAttempts.wait_or_raise` takes the first step that applies:

1. Raise an error that would only repeat (see `UpstreamError.retryable`), and the error
   of an overloaded model if there is a fallback model.
2. Try another key at once, if one was not tried since the last wait.
3. Raise the error if every key was refused as such (401, 402, 403).
4. If the request was refused for the tokens that it reserves: try once more with a cap
   on the reply that fits into what is left of the minute.
5. Wait. A 429 on every key waits in the quota queue until a key's quota opens; anything
   else sleeps for Retry-After, or for a backoff that doubles each time.

An upstream request waits at most `MAX_WAITS` times and `RetryPolicy.retry_wait_s`
seconds in all (the setting RETRY_WAIT_S); see `_back_off` and `_queue_for_quota`. A
wait that would exceed this limit is not started: the error is raised at once, with the
seconds as Retry-After. A wait for quota can still end without a turn.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import Any, NoReturn

from app.errors import RateLimited, UpstreamBusy, UpstreamError
from app.http1.cancel import CancelToken
from app.metrics import RETRIES, WAITS
from app.upstream import quota
from app.upstream.error_responses import is_for_tokens, is_over_quota, is_overload
from app.upstream.key_pool import Key, KeyPool
from app.upstream.quota import Opening
from app.upstream.quota_queue import QuotaQueue, Waiter
from app.wire import token_estimate

log = logging.getLogger(__name__)

MAX_WAITS = 10
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 8.0
BACKOFF_JITTER = 0.25  # a backoff is shortened by up to this share, at random
MIN_LOWERED_CAP = 1024  # a reply that must be shorter is not worth an attempt
KEY_REFUSED_STATUSES = (401, 402, 403)

LOST = "lost"  # the status label of a lost connection in metrics
QUOTA_WAITS = WAITS.labels("quota")
RETRY_WAITS = WAITS.labels("retry")
CAP_HINT = (
    "Cerebras reserves tokens for the longest answer that a request allows: "
    "set DEFAULT_NUM_PREDICT, or a limit in the request."
)


class RetryPolicy:
    """What the requests of one process share: keys, quota queues and limits.

    Args:
        secrets: The API keys.
        retry_wait_s: Limit for all waits of one upstream request together.
        clock: Monotonic seconds.
        chance: Returns a random number from 0 to 1.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        retry_wait_s: float,
        *,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.key_pool = KeyPool(secrets)
        self.retry_wait_s = retry_wait_s
        self.clock = clock
        self.chance = chance
        self.lock = Lock()  # guards the pool and the queues
        self._quota_queues: dict[str, QuotaQueue] = {}

    def quota_queue(self, model: str) -> QuotaQueue:
        """Return the queue of a model; the caller must hold the lock."""
        if model not in self._quota_queues:
            self._quota_queues[model] = QuotaQueue(model, self.key_pool, self.clock)
        return self._quota_queues[model]


@dataclass(eq=False)
class RequestAttempts:
    """The attempts to get one request answered, in a loop such as this one:

    while True:
        key = attempts.take_key()
        try:
            return send(attempts.request, key)
        except UpstreamError as error:
            attempts.wait_or_raise(key, error)
        finally:
            attempts.release_key()
    """

    policy: RetryPolicy
    request: dict[str, Any]  # in the upstream form; changes when a cap is added
    cancel: CancelToken
    has_fallback: bool = False  # whether another model can serve the request
    max_wait_count: int = MAX_WAITS
    waits: int = 0
    waited_s: float = 0.0
    _key: Key | None = None  # in use
    _next_key: Key | None = None  # from the quota queue
    _was_capped: bool = False
    _refused_keys: set[Key] = field(default_factory=set)
    # By key, since the last wait:
    _errors: dict[Key, UpstreamError] = field(default_factory=dict)
    _openings: dict[Key, Opening] = field(default_factory=dict)

    def take_key(self) -> Key:
        """Return the key for the next attempt; it counts as used until released."""
        policy, key = self.policy, self._next_key
        with policy.lock:
            if key is None:
                tried = self._refused_keys.union(self._errors)
                key = policy.key_pool.choose(self._model, tried, policy.clock())
            policy.key_pool.use(key)
        self._key, self._next_key = key, None
        return key

    def release_key(self) -> None:
        """Stop using the key; a second call does nothing."""
        with self.policy.lock:
            if self._key is not None:
                self._key.active -= 1
                self._key = None

    def forget_request(self) -> None:
        """Free the request, which may be large, while its response is streamed."""
        self.request = {}
        self._errors.clear()  # their tracebacks lead to the request

    def record_response(
        self, key: Key, headers: Mapping[str, str], sent_at: float
    ) -> None:
        """Record what the headers of a 200 say about the quota of a key.

        `sent_at` is when the request was sent.
        """
        policy = self.policy
        with policy.lock:
            was_refused, key.refused_until = key.refused_until, 0.0
            queue = policy.quota_queue(self._model)
            changed = queue.record_response(key, headers, sent_at)
            if was_refused or changed:
                policy.key_pool.publish_states(policy.clock())

    def wait_or_raise(self, key: Key, error: UpstreamError) -> None:
        """Return when the next attempt may start; raise if there is none."""
        self.release_key()
        self._record_failure(key, error)
        if not (error.retryable or error.upstream_status in KEY_REFUSED_STATUSES):
            raise error
        if self.has_fallback and is_overload(error):
            raise error
        tried = self._refused_keys.union(self._errors)
        if len(tried) < len(self.policy.key_pool.keys):
            log.info("%s; trying another key", error)
        elif tried == self._refused_keys:
            raise error
        elif cap := self._lower_cap():
            log.info(
                "%s; trying again with the %d tokens that are left as cap", error, cap
            )
        else:
            self._wait()
        RETRIES.labels(str(error.upstream_status or LOST)).inc()

    def _record_failure(self, key: Key, error: UpstreamError) -> None:
        policy = self.policy
        self._errors[key] = error
        with policy.lock:
            if error.upstream_status in KEY_REFUSED_STATUSES:
                self._refused_keys.add(key)
                policy.key_pool.rest_refused(key, error, policy.clock())
            elif is_over_quota(error):
                opening = quota.opening_after_refusal(error.headers, self._tokens)
                if opening is None:
                    opening = Opening(backoff(self.waits, policy.chance()))
                self._openings[key] = opening
                policy.quota_queue(self._model).record_refusal(key, opening)
            policy.key_pool.publish_states(policy.clock())

    def _wait(self) -> None:
        """Wait for quota if every usable key lacks it, else for the shortest delay."""
        others = [
            error
            for key, error in self._errors.items()
            if key not in self._refused_keys and not is_over_quota(error)
        ]
        if others:
            self._back_off(others)
        else:
            self._queue_for_quota()
        self.waits += 1
        self._errors.clear()
        self._openings.clear()

    def _back_off(self, errors: Sequence[UpstreamError]) -> None:
        chance = self.policy.chance()
        delays = {each: delay(self.waits, each.headers, chance) for each in errors}
        error = min(delays, key=lambda each: delays[each])
        wait_s = delays[error]
        total_s = self.waited_s + wait_s
        if self.waits >= self.max_wait_count or total_s > self.policy.retry_wait_s:
            self._give_up(error, wait_s)
        log.info("%s; trying again in %.1f s", error, wait_s)
        self.cancel.sleep(wait_s)
        self.waited_s += wait_s
        RETRY_WAITS.observe(wait_s)

    def _queue_for_quota(self) -> None:
        policy = self.policy
        delays = {key: each.retry_after_s for key, each in self._openings.items()}
        first_key = min(delays, key=lambda each: delays[each])
        error, retry_after_s = self._errors[first_key], delays[first_key]
        started = policy.clock()
        until = started + policy.retry_wait_s - self.waited_s
        waiter = Waiter(self.cancel.caller, self._tokens, until)
        again = self.waits > 0
        with policy.lock:
            queue = policy.quota_queue(self._model)
            if self.waits >= self.max_wait_count or not queue.enter(
                waiter, again=again
            ):
                self._give_up(error, retry_after_s)
        log.info("%s; waiting for quota", error)
        self._wait_for_turn(queue, waiter)
        waited_s = policy.clock() - started
        QUOTA_WAITS.observe(waited_s)
        self.waited_s += waited_s
        self._next_key = waiter.key
        if waiter.key is None:
            self._give_up(error, retry_after_s)

    def _wait_for_turn(self, queue: QuotaQueue, waiter: Waiter) -> None:
        """Return when the waiter has a key or its time is over."""
        try:
            while True:
                with self.policy.lock:
                    wait_s = queue.poll(waiter)
                if not wait_s:
                    return
                self.cancel.wait(waiter.wakeup, wait_s)
        except BaseException:
            with self.policy.lock:
                queue.leave(waiter)
            raise

    def _give_up(self, error: UpstreamError, wait_s: float) -> NoReturn:
        if isinstance(error, RateLimited | UpstreamBusy):
            error.retry_after = wait_s
        if self._lacks_cap():
            error.message += f" {CAP_HINT}"
        raise error

    def _lower_cap(self) -> int | None:
        """Cap the reply to the tokens left this minute; None if those are too few."""
        if self._was_capped or not self._lacks_cap():
            return None
        left = {
            key: quota.tokens_left(each.headers) for key, each in self._errors.items()
        }
        key = max(left, key=lambda each: left[each])
        cap = int(left[key]) - self._prompt_tokens
        if cap < MIN_LOWERED_CAP:
            return None
        self.request = token_estimate.with_cap(self.request, cap)
        self._was_capped = True
        del self._errors[key]  # so that this key is tried again
        return cap

    def _lacks_cap(self) -> bool:
        """Return whether a cap set by the client would have avoided the refusal."""
        if not any(is_for_tokens(error) for error in self._errors.values()):
            return False
        return self._was_capped or not token_estimate.has_cap(self.request)

    @property
    def _model(self) -> str:
        return str(self.request.get("model", ""))

    @cached_property
    def _prompt_tokens(self) -> int:
        return token_estimate.prompt_tokens(self.request)

    @property
    def _tokens(self) -> int:
        """The tokens of quota that the request needs, by estimate."""
        return self._prompt_tokens + token_estimate.reply_tokens(self.request)


def delay(waits: int, headers: Mapping[str, str], chance: float) -> float:
    """Return the seconds to wait before another attempt: Retry-After, or a backoff."""
    retry_after_s = quota.retry_after(headers)
    return backoff(waits, chance) if retry_after_s is None else retry_after_s


def backoff(waits: int, chance: float) -> float:
    """Return the seconds of the next backoff after `waits` waits.

    `chance`, from 0 to 1, spreads requests that failed at the same time.
    """
    longest_s = min(FIRST_BACKOFF_S * 2.0**waits, MAX_BACKOFF_S)
    return longest_s * (1 - BACKOFF_JITTER * chance)
