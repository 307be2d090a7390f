"""Medians over rounds, ratios within a round."""

from __future__ import annotations

import math

from bench import stats

OURS = [{"cpu": 2.0}, {"cpu": 9.0}, {"cpu": 4.0}]
THEIRS = [{"cpu": 4.0}, {"cpu": 9.0}, {"cpu": 16.0}]


def test_spread_is_median_minimum_and_maximum() -> None:
    assert stats.spread(OURS, "cpu") == (4.0, 2.0, 9.0)


def test_ratio_is_the_median_of_ratios() -> None:
    assert stats.ratio(OURS, THEIRS, "cpu") == 0.5  # of 0.5, 1 and 0.25, not 4 / 9


def test_difference_is_taken_within_a_round() -> None:
    assert stats.difference(THEIRS, OURS, "cpu") == 2.0


def test_failed_round_is_left_out_of_both() -> None:
    assert stats.ratio([{}, *OURS[1:]], THEIRS, "cpu") == 0.625
    assert stats.ratio(OURS, [{}, *THEIRS[1:]], "cpu") == 0.625


def test_missing_figures_are_nan() -> None:
    assert math.isnan(stats.ratio([{}], [{}], "cpu"))
    assert math.isnan(stats.median_of([{}], "cpu"))
