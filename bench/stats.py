"""Medians of rounds, and ratios within a round; `nan` where nothing was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

Rounds = Sequence[Mapping[str, float]]  # what each round measured, by name


class Spread(NamedTuple):
    median: float
    low: float
    high: float


def spread(rounds: Rounds, name: str) -> Spread:
    found = [measured[name] for measured in rounds if name in measured]
    if not found:
        return Spread(math.nan, math.nan, math.nan)
    return Spread(median(found), min(found), max(found))


def middle(rounds: Rounds, name: str) -> float:
    return spread(rounds, name).median


def ratio(rounds: Rounds, base: Rounds, name: str) -> float:
    """The median of the ratios of those rounds that both have."""
    found = [a / b for a, b in _pairs(rounds, base, name) if b]
    return median(found) if found else math.nan


def difference(rounds: Rounds, base: Rounds, name: str) -> float:
    found = [a - b for a, b in _pairs(rounds, base, name)]
    return median(found) if found else math.nan


def _pairs(rounds: Rounds, base: Rounds, name: str) -> list[tuple[float, float]]:
    both = zip(rounds, base, strict=True)
    return [(a[name], b[name]) for a, b in both if name in a and name in b]
