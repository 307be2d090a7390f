"""A day of requests against quota, simulated without sockets in a few seconds.

Each request is a greenlet that runs the real retry policy. The clock stands still while
greenlets compute and jumps to the next moment at which one of them wakes up, so every
run is the same.
"""

import heapq
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any

from greenlet import getcurrent, greenlet

from app.errors import RateLimited
from app.http1.cancel import CancelToken
from app.upstream.error_responses import error_from_response
from app.upstream.key_pool import Key
from app.upstream.retry_policy import RequestAttempts, RetryPolicy
from fake_cerebras.errors import ApiError
from fake_cerebras.quota import TIERS, Quotas, TokenBucket

MODEL = "gpt-oss-120b"
ONE_WAY_S = 0.02  # to the upstream, and the same back
FIRST_TOKEN_S = 0.2
TOKENS_PER_S = 2000.0
SHORTEST_SLEEP_S = 1e-6  # so that time advances whatever floats are rounded to


@dataclass(frozen=True)
class Arrival:
    """One request of the day."""

    at: float
    caller: str
    prompt: int  # tokens
    cap: int

    @property
    def request(self) -> dict[str, Any]:
        message = {"role": "user", "content": "word" * self.prompt}
        return {
            "model": MODEL,
            "messages": [message],
            "max_completion_tokens": self.cap,
        }


@dataclass
class Outcome:
    served: list[Arrival] = field(default_factory=list)
    failed: list[Arrival] = field(default_factory=list)
    refusals: int = 0  # responses with 429, most of them followed by a wait
    longest_wait_s: float = 0.0


class World:
    """The clock, and the greenlets that sleep by it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._hub = getcurrent()
        self._alarms: list[tuple[float, int]] = []
        self._sleepers: dict[int, greenlet] = {}
        self._events: dict[int, Event] = {}
        self._numbers = count()

    def start(self, at: float, work: Callable[[], None]) -> None:
        self._set_alarm(greenlet(work), at, None)

    def sleep(self, seconds: float, event: Event | None = None) -> None:
        """Sleep until the time is over or the event is set."""
        until = self.now + max(seconds, SHORTEST_SLEEP_S)
        self._set_alarm(getcurrent(), until, event)
        self._hub.switch()

    def run(self) -> None:
        while self._alarms:
            at, number = heapq.heappop(self._alarms)
            if number in self._sleepers:
                self.now = at
                self._wake(number)
            while woken := [n for n, each in self._events.items() if each.is_set()]:
                self._wake(woken[0])

    def _set_alarm(self, sleeper: greenlet, until: float, event: Event | None) -> None:
        number = next(self._numbers)
        self._sleepers[number] = sleeper
        if event is not None:
            self._events[number] = event
        heapq.heappush(self._alarms, (until, number))

    def _wake(self, number: int) -> None:
        self._events.pop(number, None)
        self._sleepers.pop(number).switch()


class SimulatedToken(CancelToken):
    """A token that is never cancelled and waits by the world's clock."""

    def __init__(self, world: World, caller: str) -> None:
        super().__init__(caller)
        self._world = world

    def sleep(self, seconds: float) -> None:
        self._world.sleep(seconds)

    def wait(self, event: Event, seconds: float | None = None) -> None:
        assert seconds is not None
        self._world.sleep(seconds, event)


@dataclass
class Day:
    """Keys with the quota of one tier, and workers that do not share their state."""

    tier: str
    refill: str
    keys: Sequence[str]
    max_wait_s: float
    workers: int = 1

    def play(self, arrivals: Iterable[Arrival]) -> Outcome:
        """Return how the retry policy serves the requests."""
        self._world = World()
        self._quotas = Quotas(self.tier, self.refill)
        self._outcome = Outcome()
        policies = [
            RetryPolicy(
                self.keys,
                self.max_wait_s,
                clock=lambda: self._world.now,
                chance=lambda: 0,
            )
            for _ in range(self.workers)
        ]
        for number, arrival in enumerate(arrivals):
            self._start(arrival, policies[number % self.workers])
        self._world.run()
        return self._outcome

    def _start(self, arrival: Arrival, policy: RetryPolicy) -> None:
        def work() -> None:
            token = SimulatedToken(self._world, arrival.caller)
            attempts = RequestAttempts(policy, arrival.request, token)
            try:
                self._complete(attempts)
                self._outcome.served.append(arrival)
            except RateLimited:
                self._outcome.failed.append(arrival)
            longest_wait_s = max(self._outcome.longest_wait_s, attempts.waited_s)
            self._outcome.longest_wait_s = longest_wait_s

        self._world.start(arrival.at, work)

    def _complete(self, attempts: RequestAttempts) -> None:
        while True:
            key = attempts.take_key()
            try:
                return self._send(attempts, key)
            except RateLimited as error:
                attempts.wait_or_raise(key, error)
            finally:
                attempts.release_key()

    def _send(self, attempts: RequestAttempts, key: Key) -> None:
        """Make one attempt; return when its response is complete."""
        sent_at = self._world.now
        self._world.sleep(ONE_WAY_S)
        quota = self._quotas.find(key.secret, MODEL, self._world.now)
        assert quota is not None
        request = attempts.request
        prompt = len(request["messages"][0]["content"]) // 4
        try:
            quota.reserve(prompt, request, self._world.now)
        except ApiError as refusal:
            self._outcome.refusals += 1
            self._world.sleep(ONE_WAY_S)
            body = json.dumps(refusal.body).encode()
            raise error_from_response(refusal.status, refusal.headers, body) from None
        headers = quota.headers(self._world.now)
        self._world.sleep(FIRST_TOKEN_S + ONE_WAY_S)
        attempts.record_response(key, headers, sent_at)
        self._world.sleep(request["max_completion_tokens"] / 2 / TOKENS_PER_S)

    def schedule(self, arrivals: Iterable[Arrival]) -> Outcome:
        """Return how a scheduler that knows the buckets serves them, first come first.

        It sends each request as soon as the buckets of a key hold what it needs.
        """
        outcome = Outcome()
        tier = TIERS[self.tier]
        pairs = [
            [
                TokenBucket(size, self.refill, 0.0)
                for size in (tier.requests, tier.uncached_tokens)
            ]
            for _ in self.keys
        ]
        now = 0.0
        for arrival in arrivals:
            now = max(now, arrival.at)
            needs = (1, arrival.prompt + arrival.cap)
            waits = [self._fill_pair_s(pair, needs, now) for pair in pairs]
            wait_s, pair = min(zip(waits, pairs, strict=True), key=lambda each: each[0])
            if now + wait_s > arrival.at + self.max_wait_s:
                outcome.failed.append(arrival)
                continue
            now += wait_s
            for bucket, need in zip(pair, needs, strict=True):
                bucket.level(now)
                bucket.take(need)
            outcome.served.append(arrival)
            outcome.longest_wait_s = max(outcome.longest_wait_s, now - arrival.at)
        return outcome

    def _fill_pair_s(
        self, pair: Sequence[TokenBucket], needs: Sequence[int], now: float
    ) -> float:
        """Return the seconds until both buckets hold what is needed."""
        return max(
            self._fill_s(bucket, need, now)
            for bucket, need in zip(pair, needs, strict=True)
        )

    def _fill_s(self, bucket: TokenBucket, need: int, now: float) -> float:
        missing = need - bucket.level(now)
        if missing <= 0:
            return 0.0
        steady_s = missing * 60 / bucket.size
        return steady_s if self.refill == "steady" else 60 - now % 60
