"""Whether a goal is met follows from its limits."""

from __future__ import annotations

import math

import pytest

from bench.goals import GOALS, Goal, judge, number
from bench.report import OTHERS
from bench.rounds import Row
from bench.scenarios import SCENARIOS


def goal(scenario: str) -> Goal:
    return next(goal for goal in GOALS if goal.scenario == scenario)


def fast(ours: float, theirs: float) -> dict[Row, list[dict[str, float]]]:
    return {
        Row("cerellama"): [{"cpu_us_chunk": ours}],
        Row("fastapi_httpx"): [{"cpu_us_chunk": theirs}],
    }


def first_token(**us: float) -> dict[Row, list[dict[str, float]]]:
    return {Row(target): [{"ttft_p50": time}] for target, time in us.items()}


@pytest.mark.parametrize(
    ("ours", "met", "stretch_met"),
    [(10, False, False), (9, True, False), (7, True, True)],
)
def test_a_ratio_is_judged_by_both_limits(
    ours: float, met: bool, stretch_met: bool
) -> None:
    verdict = judge(goal("fast"), fast(ours, 100))

    assert (verdict.met, verdict.stretch_met) == (met, stretch_met)


def test_a_verdict_tells_what_was_measured() -> None:
    assert judge(goal("fast"), fast(8, 100)).measured == "0.08 x FastAPI"


def test_nothing_measured_meets_no_goal() -> None:
    verdict = judge(goal("fast"), {row: [{}] for row in fast(1, 1)})

    assert verdict == ("none x FastAPI", False, False)


def test_time_to_the_first_token_is_judged_without_that_of_the_clients_own() -> None:
    times = first_token(direct=100, nginx=300, cerellama=1100, fastapi_httpx=2600)

    verdict = judge(goal("first1"), times)

    assert verdict.measured == "0.4 x FastAPI, 0.8 ms over nginx"
    assert (verdict.met, verdict.stretch_met) == (True, False)


def test_every_goal_is_measured_by_a_scenario() -> None:
    assert {goal.scenario for goal in GOALS} <= {*SCENARIOS, *OTHERS}


def test_a_limit_that_many_share_is_told_once() -> None:
    assert goal("gone").target == "<= 50 ms"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"),
        (0.04312, "0.0431"),
        (0.5, "0.5"),
        (41.66, "41.7"),
        (12345.6, "12,346"),
        (math.inf, "never"),
        (math.nan, "none"),
    ],
)
def test_numbers_have_the_digits_that_say_something(value: float, told: str) -> None:
    assert number(value) == told
