"""What is counted, and how."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from app.metrics import adder


def test_adding_is_counting() -> None:
    registry = CollectorRegistry()
    counted = Counter("counted", "x", ("label",), registry=registry).labels("a")
    level = Gauge("level", "x", registry=registry)

    adder(counted)(2)
    counted.inc()
    adder(level)(3)
    adder(level)(-1)

    assert registry.get_sample_value("counted_total", {"label": "a"}) == 3
    assert registry.get_sample_value("level") == 2


def test_the_pinned_version_has_the_value_that_is_added_to() -> None:
    """When this fails, each count costs three calls more."""
    counted = Counter("counted", "x", registry=CollectorRegistry())

    assert adder(counted) != counted.inc


def test_another_version_is_asked_in_its_own_way() -> None:
    added: list[float] = []
    other: Any = SimpleNamespace(inc=added.append)

    adder(other)(2)

    assert added == [2]
