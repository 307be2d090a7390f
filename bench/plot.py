"""Plot CPU per chunk, and latency against load."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

from bench import stats
from bench.rounds import Results, Row
from bench.scenarios import PYTHON, SCENARIOS

AllResults = Mapping[str, Results]  # by scenario
TARGETS = ("nginx", *PYTHON)
COLOURS = dict(zip(TARGETS, ("0.6", "C3", "C0", "C1", "C2"), strict=True))
BARS = {"pace": "natural pace", "fast": "full speed"}
US_PER_MS = 1000


def cpu_per_chunk(all_results: AllResults, file: Path) -> None:
    """Plot medians with minimum and maximum, a panel for each scenario."""
    figure, panels = plt.subplots(1, len(BARS), figsize=(9, 3.6))
    for panel, (key, title) in zip(panels, BARS.items(), strict=True):
        results = all_results[key]
        spreads = [stats.spread(results[Row(t)], "cpu_us_chunk") for t in TARGETS]
        medians = [spread.median for spread in spreads]
        below = [spread.median - spread.low for spread in spreads]
        above = [spread.high - spread.median for spread in spreads]
        bars = panel.barh(
            TARGETS, medians, xerr=(below, above), color=[COLOURS[t] for t in TARGETS]
        )
        panel.bar_label(bars, fmt="{:.3g}", padding=4)
        panel.set(title=title, xlabel="CPU per chunk, us")
        panel.margins(x=0.2)
        panel.invert_yaxis()
    _save(figure, file)


def latency_against_load(all_results: AllResults, file: Path) -> None:
    """Plot median and p99 of the latency per token against the offered load."""
    points = sorted(
        (scenario.plotted_tokens_s, key)
        for key, scenario in SCENARIOS.items()
        if scenario.plotted_tokens_s
    )
    loads = [load for load, _ in points]
    figure, panels = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
    for panel, name in zip(panels, ("lat_p50", "lat_p99"), strict=True):
        for target in TARGETS:
            rows = [all_results[key][Row(target)] for _, key in points]
            values = [stats.median_of(row, name) / US_PER_MS for row in rows]
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
