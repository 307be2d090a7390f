"""The limits of the goals, and the figures that they are compared with."""

import math

import pytest

from bench import stats
from bench.goals import GOALS, Goal, format_number, judge
from bench.report import OTHERS
from bench.rounds import Row
from bench.scenarios import SCENARIOS

OURS = [{"cpu": 2.0}, {"cpu": 9.0}, {"cpu": 4.0}]
THEIRS = [{"cpu": 4.0}, {"cpu": 9.0}, {"cpu": 16.0}]


def goal_of(scenario: str) -> Goal:
    return next(goal for goal in GOALS if goal.scenario == scenario)


def results_of(figure: str, **values: float) -> dict[Row, list[dict[str, float]]]:
    return {Row(target): [{figure: value}] for target, value in values.items()}


@pytest.mark.parametrize(
    ("cpu_us", "verdict"),
    [
        (8, ("0.08 x FastAPI", False, False)),
        (7, ("0.07 x FastAPI", True, False)),
        (5, ("0.05 x FastAPI", True, True)),
        (math.nan, ("none x FastAPI", False, False)),
    ],
)
def test_ratio_is_compared_with_target_and_stretch(
    cpu_us: float, verdict: tuple[str, bool, bool]
) -> None:
    results = results_of("cpu_us_chunk", cerellama=cpu_us, fastapi_httpx=100)

    assert judge(goal_of("fast"), results) == verdict


def test_goal_without_figures_is_not_met() -> None:
    results = results_of("other", cerellama=1, fastapi_httpx=1)

    assert judge(goal_of("fast"), results) == ("none x FastAPI", False, False)


def test_time_to_first_token_excludes_that_without_a_relay() -> None:
    results = results_of(
        "ttft_p50", direct=100, nginx=300, cerellama=1100, fastapi_httpx=2600
    )

    verdict = judge(goal_of("first1"), results)

    assert verdict == ("0.4 x FastAPI, 0.8 ms over nginx", True, False)


def test_every_goal_has_a_scenario_and_states_its_limit() -> None:
    assert {goal.scenario for goal in GOALS} <= {*SCENARIOS, *OTHERS}
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


def test_figures_are_compared_within_rounds() -> None:
    assert stats.spread(OURS, "cpu") == (4.0, 2.0, 9.0)
    assert stats.ratio(OURS, THEIRS, "cpu") == 0.5  # of 0.5, 1 and 0.25, not 4 / 9
    assert stats.difference(THEIRS, OURS, "cpu") == 2.0


def test_failed_rounds_are_left_out() -> None:
    assert stats.ratio([{}, *OURS[1:]], THEIRS, "cpu") == 0.625
    assert stats.ratio(OURS, [{}, *THEIRS[1:]], "cpu") == 0.625
    assert math.isnan(stats.ratio([{}], [{}], "cpu"))
    assert math.isnan(stats.median_of([{}], "cpu"))
