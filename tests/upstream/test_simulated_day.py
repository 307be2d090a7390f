"""A day of requests against quota, beside one who sees into the buckets.

With one worker there may be at most 2 % more failures than that schedule has.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from tests.figures import Tell
from tests.upstream.simulation import Asked, Day, Outcome

HOUR_S = 3600
DAY_H = 24
LIMIT_S = 20.0
MORE = 1.02
ONE_KEYS_HOURS = (0.2, 0.2, 0.2, 0.2, 2, 8)  # requests a minute
THREE_KEYS_HOURS = (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 12)
RUSHES = (9,)  # at these hours
RUSH = 1900  # requests of one minute
SHORT, LONG = (256, 1024, 4096), (4096, 8192, 16_384)
KEYS = ("csk-1", "csk-2", "csk-3")
CALLERS = 9


def traffic(per_minute: Sequence[float], caps: Sequence[int]) -> list[Asked]:
    """Requests one by one and in small bursts, most of them of a few callers."""
    dice = Random(per_minute[0])
    asked, at = list[Asked](), 0.0
    while at < DAY_H * HOUR_S:
        rate = per_minute[int(at // HOUR_S) % len(per_minute)]
        at += dice.expovariate(rate / 60)
        for _ in range(dice.choice((1, 1, 1, 1, 4))):
            asked.append(one(dice, at + dice.random(), caps))
    return sorted(asked, key=lambda each: each.at)


def rushes(caps: Sequence[int]) -> list[Asked]:
    dice = Random(7)
    asked = [
        one(dice, hour * HOUR_S + 60 * dice.random(), caps)
        for hour in RUSHES
        for _ in range(RUSH)
    ]
    return sorted(asked, key=lambda each: each.at)


def one(dice: Random, at: float, caps: Sequence[int]) -> Asked:
    caller = f"caller {int(dice.paretovariate(1)) % CALLERS}"
    return Asked(at, caller, dice.randint(50, 1500), dice.choice(caps))


FREE = traffic(ONE_KEYS_HOURS, SHORT)
DAYS = {
    "free trial": (Day("free", "steady", KEYS[:1], LIMIT_S), FREE),
    "free trial, all at once": (Day("free", "at_once", KEYS[:1], LIMIT_S), FREE),
    "free trial, three keys": (
        Day("free", "steady", KEYS, LIMIT_S),
        traffic(THREE_KEYS_HOURS, SHORT),
    ),
    "free trial, long answers": (
        Day("free", "steady", KEYS[:1], LIMIT_S),
        traffic(ONE_KEYS_HOURS, LONG),
    ),
    "pay as you go": (Day("paid", "steady", KEYS[:1], LIMIT_S), rushes(SHORT)),
}


def compared(name: str, asked: Sequence[Asked], played: Outcome, best: Outcome) -> str:
    more = 100 * (len(played.failed) / max(len(best.failed), 1) - 1)
    return (
        f"{name}: of {len(asked)} requests {len(played.failed)} failed for quota, "
        f"{len(best.failed)} by the schedule ({more:+.1f} %); "
        f"{played.refusals} refusals; the longest wait took {played.longest_s:.1f} s"
    )


@pytest.mark.parametrize("name", DAYS)
def test_one_worker_fails_hardly_more_than_who_knows_the_buckets(
    name: str, tell: Tell
) -> None:
    day, asked = DAYS[name]

    played, best = day.play(asked), day.schedule(asked)

    tell(compared(name, asked, played, best))
    assert len(played.answered) + len(played.failed) == len(asked)
    assert best.failed
    assert len(played.failed) <= MORE * len(best.failed)
    assert played.longest_s <= LIMIT_S + 0.001


def test_two_workers_wait_no_longer_than_one(tell: Tell) -> None:
    day, asked = DAYS["free trial"]
    two = Day(day.tier, day.refill, day.keys, LIMIT_S, workers=2)

    played = two.play(asked)

    tell(compared("two workers, free trial", asked, played, day.schedule(asked)))
    assert len(played.answered) + len(played.failed) == len(asked)
    assert played.longest_s <= LIMIT_S + 0.001


def test_a_day_is_the_same_every_time() -> None:
    day, asked = DAYS["free trial"]
    hours = asked[: len(asked) // 8]

    assert day.play(hours) == day.play(hours)


def test_a_greedy_caller_does_not_starve_a_modest_one() -> None:
    day = Day("free", "steady", KEYS[:1], limit_s=60)
    greedy = [Asked(0.001 * n, "greedy", 100, 256) for n in range(200)]
    modest = [Asked(10.0 + 20 * n, "modest", 100, 256) for n in range(3)]

    played = day.play(sorted([*greedy, *modest], key=lambda each: each.at))

    assert not [each for each in played.failed if each.caller == "modest"]
