"""Medians of rounds, and ratios within a round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

Round = Mapping[str, float]  # what one run of one target measured, by name


class Spread(NamedTuple):
    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread | None:
    return Spread(median(values), min(values), max(values)) if values else None


def values(rounds: Sequence[Round], name: str) -> list[float]:
    return [measured[name] for measured in rounds if name in measured]


def ratio(rounds: Sequence[Round], base: Sequence[Round], name: str) -> float | None:
    """The median of the ratios of rounds that both have, or None."""
    pairs = zip(rounds, base, strict=False)
    found = [a[name] / b[name] for a, b in pairs if name in a and b.get(name)]
    return median(found) if found else None


def difference(
    rounds: Sequence[Round], base: Sequence[Round], name: str
) -> float | None:
    pairs = zip(rounds, base, strict=False)
    found = [a[name] - b[name] for a, b in pairs if name in a and name in b]
    return median(found) if found else None
