"""The retry policy against a scheduler that knows what the quota buckets hold.

One worker may fail at most 2 % more requests than that scheduler.
"""

from collections.abc import Sequence
from random import Random

import pytest

from tests.figures import ReportFigure
from tests.upstream.simulation import Arrival, Day, Outcome

HOUR_S = 3600
DAY_H = 24
MAX_WAIT_S = 20.0
MAX_RATIO = 1.02
ONE_KEY_PER_MINUTE = (0.2, 0.2, 0.2, 0.2, 2, 8)  # by hour, repeated over the day
THREE_KEYS_PER_MINUTE = (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 12)
RUSH_HOURS = (9,)
RUSH_REQUESTS = 1900  # in one minute
SHORT_CAPS, LONG_CAPS = (256, 1024, 4096), (4096, 8192, 16_384)
KEYS = ("csk-1", "csk-2", "csk-3")
CALLERS = 9


def make_traffic(per_minute: Sequence[float], caps: Sequence[int]) -> list[Arrival]:
    """Return single requests and small bursts, most of them from a few callers."""
    random = Random(per_minute[0])
    arrivals, at = list[Arrival](), 0.0
    while at < DAY_H * HOUR_S:
        rate = per_minute[int(at // HOUR_S) % len(per_minute)]
        at += random.expovariate(rate / 60)
        for _ in range(random.choice((1, 1, 1, 1, 4))):
            arrivals.append(make_arrival(random, at + random.random(), caps))
    return sorted(arrivals, key=lambda each: each.at)


def make_rushes(caps: Sequence[int]) -> list[Arrival]:
    random = Random(7)
    arrivals = [
        make_arrival(random, hour * HOUR_S + 60 * random.random(), caps)
        for hour in RUSH_HOURS
        for _ in range(RUSH_REQUESTS)
    ]
    return sorted(arrivals, key=lambda each: each.at)


def make_arrival(random: Random, at: float, caps: Sequence[int]) -> Arrival:
    caller = f"caller {int(random.paretovariate(1)) % CALLERS}"
    return Arrival(at, caller, random.randint(50, 1500), random.choice(caps))


FREE = make_traffic(ONE_KEY_PER_MINUTE, SHORT_CAPS)
DAYS = {
    "free trial": (Day("free", "steady", KEYS[:1], MAX_WAIT_S), FREE),
    "free trial, all at once": (Day("free", "at_once", KEYS[:1], MAX_WAIT_S), FREE),
    "free trial, three keys": (
        Day("free", "steady", KEYS, MAX_WAIT_S),
        make_traffic(THREE_KEYS_PER_MINUTE, SHORT_CAPS),
    ),
    "free trial, long answers": (
        Day("free", "steady", KEYS[:1], MAX_WAIT_S),
        make_traffic(ONE_KEY_PER_MINUTE, LONG_CAPS),
    ),
    "pay as you go": (
        Day("paid", "steady", KEYS[:1], MAX_WAIT_S),
        make_rushes(SHORT_CAPS),
    ),
}


def describe(
    name: str, arrivals: Sequence[Arrival], played: Outcome, best: Outcome
) -> str:
    more = 100 * (len(played.failed) / max(len(best.failed), 1) - 1)
    return (
        f"{name}: {len(played.failed)} of {len(arrivals)} requests failed for quota, "
        f"{len(best.failed)} by the schedule ({more:+.1f} %); "
        f"{played.refusals} refusals; longest wait {played.longest_wait_s:.1f} s"
    )


@pytest.mark.parametrize("name", DAYS)
def test_one_worker_fails_hardly_more_than_the_schedule(
    name: str, report_figure: ReportFigure
) -> None:
    day, arrivals = DAYS[name]

    played, best = day.play(arrivals), day.schedule(arrivals)

    report_figure(describe(name, arrivals, played, best))
    assert len(played.served) + len(played.failed) == len(arrivals)
    assert best.failed
    assert len(played.failed) <= MAX_RATIO * len(best.failed)
    assert played.longest_wait_s <= MAX_WAIT_S + 0.001


def test_two_workers_wait_no_longer_than_one(report_figure: ReportFigure) -> None:
    day, arrivals = DAYS["free trial"]
    two = Day(day.tier, day.refill, day.keys, MAX_WAIT_S, workers=2)

    played = two.play(arrivals)

    best = day.schedule(arrivals)
    report_figure(describe("two workers, free trial", arrivals, played, best))
    assert len(played.served) + len(played.failed) == len(arrivals)
    assert played.longest_wait_s <= MAX_WAIT_S + 0.001


def test_simulation_is_deterministic() -> None:
    day, arrivals = DAYS["free trial"]
    hours = arrivals[: len(arrivals) // 8]

    assert day.play(hours) == day.play(hours)


def test_greedy_caller_does_not_starve_a_modest_one() -> None:
    day = Day("free", "steady", KEYS[:1], max_wait_s=60)
    greedy = [Arrival(0.001 * n, "greedy", 100, 256) for n in range(200)]
    modest = [Arrival(10.0 + 20 * n, "modest", 100, 256) for n in range(3)]

    played = day.play(sorted([*greedy, *modest], key=lambda each: each.at))

    assert not [each for each in played.failed if each.caller == "modest"]
