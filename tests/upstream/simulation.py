"""A world without sockets, in which a day passes in seconds and always the same.

Its requests are greenlets that run the client's own patience; their clock stands still
while they compute, and jumps to the next moment at which one of them has waited enough.
"""

from __future__ import annotations

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
from app.upstream.errand import Errand
from app.upstream.failures import refused
from app.upstream.keys import Key
from app.upstream.patience import Patience
from fake_cerebras.buckets import TIERS, Accounts, Bucket
from fake_cerebras.errors import Refused

MODEL = "gpt-oss-120b"
WAY_S = 0.02  # to the upstream, and the same back
THINKING_S = 0.2  # until an answer begins
SPEED = 2000.0  # tokens a second
LEAST_S = 1e-6  # a wait takes some time, however the floats are rounded


@dataclass(frozen=True)
class Asked:
    """One request of the day."""

    at: float
    caller: str
    prompt: int  # tokens
    cap: int

    @property
    def body(self) -> dict[str, Any]:
        message = {"role": "user", "content": "word" * self.prompt}
        return {
            "model": MODEL,
            "messages": [message],
            "max_completion_tokens": self.cap,
        }


@dataclass
class Outcome:
    answered: list[Asked] = field(default_factory=list)
    failed: list[Asked] = field(default_factory=list)
    refusals: int = 0  # 429s, most of them followed by a wait
    longest_s: float = 0.0  # that a request waited


class World:
    def __init__(self) -> None:
        self.now = 0.0
        self._hub = getcurrent()
        self._moments: list[tuple[float, int]] = []
        self._sleepers: dict[int, greenlet] = {}
        self._turns: dict[int, Event] = {}
        self._numbers = count()

    def start(self, at: float, work: Callable[[], None]) -> None:
        self._lay_down(greenlet(work), at, None)

    def sleep(self, seconds: float, turn: Event | None = None) -> None:
        until = self.now + max(seconds, LEAST_S)
        self._lay_down(getcurrent(), until, turn)
        self._hub.switch()

    def run(self) -> None:
        while self._moments:
            at, number = heapq.heappop(self._moments)
            if number in self._sleepers:
                self.now = at
                self._wake(number)
            while called := [n for n, turn in self._turns.items() if turn.is_set()]:
                self._wake(called[0])

    def _lay_down(self, sleeper: greenlet, until: float, turn: Event | None) -> None:
        number = next(self._numbers)
        self._sleepers[number] = sleeper
        if turn is not None:
            self._turns[number] = turn
        heapq.heappush(self._moments, (until, number))

    def _wake(self, number: int) -> None:
        self._turns.pop(number, None)
        self._sleepers.pop(number).switch()


class Client(CancelToken):
    """One that never leaves, and waits by the world's clock."""

    def __init__(self, world: World, caller: str) -> None:
        super().__init__(caller)
        self._world = world

    def sleep(self, seconds: float) -> None:
        self._world.sleep(seconds)

    def wait(self, turn: Event, seconds: float | None = None) -> None:
        assert seconds is not None
        self._world.sleep(seconds, turn)


@dataclass
class Day:
    """Quota of one tier for each key, and workers that know nothing of each other."""

    tier: str
    refill: str
    keys: Sequence[str]
    limit_s: float
    workers: int = 1

    def play(self, asked: Iterable[Asked]) -> Outcome:
        self._world = World()
        self._accounts = Accounts(self.tier, self.refill)
        self._outcome = Outcome()
        workers = [
            Patience(
                self.keys, self.limit_s, clock=lambda: self._world.now, chance=lambda: 0
            )
            for _ in range(self.workers)
        ]
        for number, each in enumerate(asked):
            self._start(each, workers[number % self.workers])
        self._world.run()
        return self._outcome

    def _start(self, asked: Asked, patience: Patience) -> None:
        def work() -> None:
            errand = Errand(asked.body, Client(self._world, asked.caller))
            try:
                patience.persist(errand, lambda key: self._ask(errand, key, patience))
                patience.release(errand)
                self._outcome.answered.append(asked)
            except RateLimited:
                self._outcome.failed.append(asked)
            self._outcome.longest_s = max(self._outcome.longest_s, errand.waited_s)

        self._world.start(asked.at, work)

    def _ask(self, errand: Errand, key: Key, patience: Patience) -> None:
        """One attempt: to the upstream, and for what it answers."""
        sent = self._world.now
        self._world.sleep(WAY_S)
        account = self._accounts.find(key.secret, MODEL, self._world.now)
        assert account is not None
        body = errand.request
        prompt = len(body["messages"][0]["content"]) // 4
        try:
            account.admit(prompt, body, self._world.now)
        except Refused as refusal:
            self._outcome.refusals += 1
            self._world.sleep(WAY_S)
            said = json.dumps(refusal.body).encode()
            raise refused(refusal.status, refusal.headers, said) from None
        headers = account.headers(self._world.now)
        self._world.sleep(THINKING_S + WAY_S)
        patience.learn(errand, headers, sent)
        self._world.sleep(body["max_completion_tokens"] / 2 / SPEED)

    def schedule(self, asked: Iterable[Asked]) -> Outcome:
        """Who would be served by one who sees into the buckets: first come, first."""
        outcome = Outcome()
        tier = TIERS[self.tier]
        pairs = [
            [Bucket(size, self.refill, 0.0) for size in (tier.requests, tier.tokens)]
            for _ in self.keys
        ]
        now = 0.0
        for each in asked:
            now = max(now, each.at)
            needs = (1, each.prompt + each.cap)
            waits = [self._wait(pair, needs, now) for pair in pairs]
            wait_s, pair = min(zip(waits, pairs, strict=True), key=lambda one: one[0])
            if now + wait_s > each.at + self.limit_s:
                outcome.failed.append(each)
                continue
            now += wait_s
            for bucket, number in zip(pair, needs, strict=True):
                bucket.level(now)
                bucket.take(number)
            outcome.answered.append(each)
            outcome.longest_s = max(outcome.longest_s, now - each.at)
        return outcome

    def _wait(self, pair: Sequence[Bucket], needs: Sequence[int], now: float) -> float:
        return max(
            self._fill_s(bucket, number, now)
            for bucket, number in zip(pair, needs, strict=True)
        )

    def _fill_s(self, bucket: Bucket, number: int, now: float) -> float:
        lacking = number - bucket.level(now)
        if lacking <= 0:
            return 0.0
        steadily = lacking * 60 / bucket.size
        return steadily if self.refill == "steady" else 60 - now % 60
