"""The dashboard asks for what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from app import metrics
from tests.processes import PROJECT

DASHBOARD = json.loads((PROJECT / "deploy" / "grafana.json").read_text())
SUFFIXES = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket",)}
OF_THE_SCRAPE = {"job", "instance", "le"}
SERIES = re.compile(r"(cerellama_\w+)\{([^}]*)\}")


def series() -> Iterator[tuple[str, set[str]]]:
    """What a query can name, and the labels it has."""
    for found in vars(metrics).values():
        if isinstance(found, MetricWrapperBase):
            (described,) = found.describe()
            for suffix in SUFFIXES[type(found)]:
                yield described.name + suffix, set(found._labelnames)


def expressions() -> list[str]:
    return [
        target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    ]


def variables() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = DASHBOARD["templating"]["list"]
    return listed


@pytest.mark.parametrize("expression", expressions())
def test_every_query_asks_for_what_is_measured(expression: str) -> None:
    known = dict(series())
    grouped = re.findall(r" by \(([^)]*)\)", expression)
    asked = {label.strip() for group in grouped for label in group.split(",")}

    found = SERIES.findall(expression)
    assert found
    for name, selectors in found:
        labels = set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", selectors))
        assert name in known
        assert labels | asked <= known[name] | OF_THE_SCRAPE


def test_everything_measured_is_shown() -> None:
    shown = " ".join(expressions())

    assert [name for name, _ in series() if f"{name}{{" not in shown] == []


def test_every_variable_is_there_and_asks_for_what_is_measured() -> None:
    text = json.dumps(DASHBOARD)
    used = set(re.findall(r"\$\{?([a-z]+)", text))

    assert used == {variable["name"] for variable in variables()}
    for variable in variables():
        named = re.findall(r"cerellama_\w+", json.dumps(variable["query"]))
        assert set(named) <= set(dict(series()))


def test_every_panel_has_its_place() -> None:
    panels = DASHBOARD["panels"]
    places = [
        (panel["gridPos"]["x"], panel["gridPos"]["y"], panel["gridPos"]["w"])
        for panel in panels
    ]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(places)) == len(places)
    assert all(x + width <= 24 for x, _, width in places)
