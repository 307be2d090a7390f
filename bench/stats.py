"""Medians over rounds, and ratios within a round; NaN if nothing was measured."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

Rounds = Sequence[Mapping[str, float]]  # the figures of each round, by name


class Spread(NamedTuple):
    median: float
    low: float
    high: float


def spread(rounds: Rounds, name: str) -> Spread:
    values = [figures[name] for figures in rounds if name in figures]
    if not values:
        return Spread(math.nan, math.nan, math.nan)
    return Spread(median(values), min(values), max(values))


def median_of(rounds: Rounds, name: str) -> float:
    return spread(rounds, name).median


def ratio(rounds: Rounds, base: Rounds, name: str) -> float:
    """Return the median ratio of the rounds in which both were measured."""
    ratios = [a / b for a, b in _pairs(rounds, base, name) if b]
    return median(ratios) if ratios else math.nan


def difference(rounds: Rounds, base: Rounds, name: str) -> float:
    differences = [a - b for a, b in _pairs(rounds, base, name)]
    return median(differences) if differences else math.nan


def _pairs(rounds: Rounds, base: Rounds, name: str) -> list[tuple[float, float]]:
    both = zip(rounds, base, strict=True)
    return [(a[name], b[name]) for a, b in both if name in a and name in b]
