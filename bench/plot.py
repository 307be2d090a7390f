"""The two pictures: CPU per chunk, and latency against load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

from bench import stats
from bench.rounds import Results, Row
from bench.scenarios import PYTHON, SCENARIOS

Everything = Mapping[str, Results]
TARGETS = ("nginx", *PYTHON)
COLOURS = dict(zip(TARGETS, ("0.6", "C3", "C0", "C1", "C2"), strict=True))
BARS = {"pace": "natural pace", "fast": "full speed"}
US_PER_MS = 1000


def cpu_per_chunk(everything: Everything, file: Path) -> None:
    """One panel per scenario: medians, with min and max."""
    figure, panels = plt.subplots(1, len(BARS), figsize=(9, 3.6))
    for panel, (key, title) in zip(panels, BARS.items(), strict=True):
        found = [stats.spread(everything[key][Row(t)], "cpu_us_chunk") for t in TARGETS]
        middles = [spread.median for spread in found]
        below = [spread.median - spread.low for spread in found]
        above = [spread.high - spread.median for spread in found]
        bars = panel.barh(
            TARGETS, middles, xerr=(below, above), color=[COLOURS[t] for t in TARGETS]
        )
        panel.bar_label(bars, fmt="{:.3g}", padding=4)
        panel.set(title=title, xlabel="CPU per chunk, us")
        panel.margins(x=0.2)
        panel.invert_yaxis()
    _save(figure, file)


def latency_against_load(everything: Everything, file: Path) -> None:
    """Median and p99 of the one-way latency added per token, as more is offered."""
    swept = sorted((s.swept, key) for key, s in SCENARIOS.items() if s.swept)
    loads = [load for load, _ in swept]
    figure, panels = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
    for panel, name in zip(panels, ("lat_p50", "lat_p99"), strict=True):
        for target in TARGETS:
            rows = [everything[key][Row(target)] for _, key in swept]
            values = [stats.middle(row, name) / US_PER_MS for row in rows]
            panel.plot(loads, values, "o-", label=target, color=COLOURS[target])
        title = f"{name.removeprefix('lat_')} of 8 streams"
        panel.set(xscale="log", yscale="log", title=title, xlabel="tokens/s offered")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("latency per token, ms")
    panels[0].legend()
    _save(figure, file)


def _save(figure: plt.Figure, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    plt.close(figure)
