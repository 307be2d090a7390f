"""The limits of the goals."""

from __future__ import annotations

import math

import pytest

from bench.goals import GOALS, Goal, format_number, judge
from bench.report import OTHERS
from bench.rounds import Row
from bench.scenarios import SCENARIOS


def goal_of(scenario: str) -> Goal:
    return next(goal for goal in GOALS if goal.scenario == scenario)


def fast_results(cerellama: float, fastapi: float) -> dict[Row, list[dict[str, float]]]:
    return {
        Row("cerellama"): [{"cpu_us_chunk": cerellama}],
        Row("fastapi_httpx"): [{"cpu_us_chunk": fastapi}],
    }


def first_token_results(**us: float) -> dict[Row, list[dict[str, float]]]:
    return {Row(target): [{"ttft_p50": time}] for target, time in us.items()}


@pytest.mark.parametrize(
    ("cpu_us", "met", "stretch_met"),
    [(8, False, False), (7, True, False), (5, True, True)],
)
def test_ratio_is_compared_with_target_and_stretch(
    cpu_us: float, met: bool, stretch_met: bool
) -> None:
    verdict = judge(goal_of("fast"), fast_results(cpu_us, 100))

    assert (verdict.met, verdict.stretch_met) == (met, stretch_met)


def test_verdict_states_the_figure() -> None:
    assert judge(goal_of("fast"), fast_results(8, 100)).measured == "0.08 x FastAPI"


def test_goal_without_figures_is_not_met() -> None:
    verdict = judge(goal_of("fast"), {row: [{}] for row in fast_results(1, 1)})

    assert verdict == ("none x FastAPI", False, False)


def test_time_to_first_token_excludes_that_without_a_relay() -> None:
    results = first_token_results(
        direct=100, nginx=300, cerellama=1100, fastapi_httpx=2600
    )

    verdict = judge(goal_of("first1"), results)

    assert verdict.measured == "0.4 x FastAPI, 0.8 ms over nginx"
    assert (verdict.met, verdict.stretch_met) == (True, False)


def test_every_goal_has_a_scenario() -> None:
    assert {goal.scenario for goal in GOALS} <= {*SCENARIOS, *OTHERS}


def test_common_limit_is_stated_once() -> None:
    assert goal_of("gone").target == "<= 10 ms"


@pytest.mark.parametrize(
    ("value", "text"),
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
def test_format_number(value: float, text: str) -> None:
    assert format_number(value) == text
