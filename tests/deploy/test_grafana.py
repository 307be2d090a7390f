"""deploy/grafana.json queries the metrics of app/metrics.py."""

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
SCRAPE_LABELS = {"job", "instance", "le"}
SERIES = re.compile(r"(cerellama_\w+)\{([^}]*)\}")


def series() -> Iterator[tuple[str, set[str]]]:
    """Return the names of all time series, with their labels."""
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            for suffix in SUFFIXES[type(metric)]:
                yield family.name + suffix, set(metric._labelnames)


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
def test_query_uses_metrics_and_labels_that_exist(expression: str) -> None:
    known = dict(series())
    grouped = re.findall(r" by \(([^)]*)\)", expression)
    group_labels = {label.strip() for group in grouped for label in group.split(",")}

    matches = SERIES.findall(expression)
    assert matches
    for name, selectors in matches:
        labels = set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", selectors))
        assert name in known
        assert labels | group_labels <= known[name] | SCRAPE_LABELS


def test_every_metric_is_shown() -> None:
    shown = " ".join(expressions())

    assert [name for name, _ in series() if f"{name}{{" not in shown] == []


def test_variables_are_defined_and_query_metrics_that_exist() -> None:
    text = json.dumps(DASHBOARD)
    used = set(re.findall(r"\$\{?([a-z]+)", text))

    assert used == {variable["name"] for variable in variables()}
    for variable in variables():
        named = re.findall(r"cerellama_\w+", json.dumps(variable["query"]))
        assert set(named) <= set(dict(series()))


def test_panels_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    positions = [
        (panel["gridPos"]["x"], panel["gridPos"]["y"], panel["gridPos"]["w"])
        for panel in panels
    ]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(positions)) == len(positions)
    assert all(x + width <= 24 for x, _, width in positions)
