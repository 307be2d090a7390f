"""Write RESULTS.md: the goals with their figures, then the table of each scenario."""

import math
from collections.abc import Iterable, Mapping, Sequence

from bench import machine, stats
from bench.goals import (
    CERELLAMA,
    DIRECT,
    FASTAPI,
    GOALS,
    NGINX,
    TWO_WORKERS,
    Goal,
    format_number,
    judge,
)
from bench.rounds import CPUS_FOR_TWO_WORKERS, Results, Row
from bench.scenarios import PYTHON, SCENARIOS

AllResults = Mapping[str, Results]  # by scenario
HEADINGS = {
    "cpu_us_chunk": "CPU per chunk, us",
    "cpu_ms_reply": "CPU per reply, ms",
    "chunks_s": "chunks/s",
    "replies_s": "replies/s",
    "carried": "carried",
    "connections": "upstream connections per reply",
    "ttft_p50": "first token p50, us",
    "ttft_p99": "first token p99, us",
    "lat_p50": "latency p50, us",
    "lat_p99": "latency p99, us",
    "lat_max": "latency max, us",
    "gap_p99": "gap p99, us",
    "held": "held",
    "held_s": "all open after, s",
    "kib_stream": "KiB per stream",
    "rss_mib": "memory, MiB",
    "gone_ms": "closed after, ms",
    "server_cpus": "CPUs, servers",
    "rest_cpus": "CPUs, upstream and load",
}

OTHERS = {  # title and columns of the measurements that are no scenario
    "gone": (
        "Client disconnect: time until the upstream connection is closed",
        ("gone_ms",),
    ),
    "held": (
        "4,000 held streams at 1 token/s on one worker, one round",
        ("held", "held_s", "kib_stream", "rss_mib"),
    ),
}


def document(all_results: AllResults, environment: Sequence[str]) -> str:
    """Return the whole file; `environment` is the machine, then the versions."""
    lines = [
        "# What Cerellama costs, measured",
        "",
        "Written by `make bench`; [README.md](README.md) explains the numbers.",
        "",
        environment[0],
        *(f"- {version}" for version in environment[1:]),
        "",
        *ceilings(all_results),
        *failures(all_results),
        "",
        "## Targets",
        "",
        *goals(all_results),
        "",
        "![CPU per chunk](cpu.png)",
        "",
        "![Latency against load](latency.png)",
    ]
    for key, results in all_results.items():
        lines += ["", *section(key, results)]
    return "\n".join([*lines, ""])


def section(key: str, results: Results) -> list[str]:
    if key in OTHERS:
        title, columns = OTHERS[key]
    else:
        title, columns = SCENARIOS[key].title, SCENARIOS[key].columns
    lines = [f"## {title} (`{key}`)", "", *results_table(results, columns)]
    return lines + cpu_limit(results) if key == "workers" else lines


def cpu_limit(results: Results) -> list[str]:
    """Explain the limit of two workers on a machine with few CPUs."""
    one, two = results.get(CERELLAMA), results.get(TWO_WORKERS)
    cpus = len(machine.CPUS)
    if not one or not two or cpus >= CPUS_FOR_TWO_WORKERS:
        return []
    one_cpus, two_cpus = (stats.median_of(rows, "server_cpus") for rows in (one, two))
    rest = stats.median_of(two, "rest_cpus")
    limit = (cpus - rest) / one_cpus
    return [
        "",
        f"All programs share {cpus} CPUs. One worker used {one_cpus:.2f} CPUs, two "
        f"used {two_cpus:.2f}, the upstream and the load generator {rest:.2f}: "
        f"the CPUs allow for {limit:.2f} times one worker at most.",
    ]


def failures(all_results: AllResults) -> list[str]:
    """List the measurements with a wrong or missing text, count or end."""
    lines = [
        f"- {key}: {row.target}, {rounds.count({})} of {len(rounds)} rounds"
        for key, results in all_results.items()
        for row, rounds in results.items()
        if {} in rounds
    ]
    if not lines:
        return ["Every relayed text was right, to the last token, in every round."]
    return ["Failed, and left out:", *lines]


def goals(all_results: AllResults) -> list[str]:
    rows = [
        _goal(goal, all_results[goal.scenario])
        for goal in GOALS
        if goal.scenario in all_results
        and CERELLAMA.target in _targets(all_results[goal.scenario])
    ]
    heads = ("goal", "target", "stretch", "measured", "target met", "stretch met")
    return table(heads, rows)


def _goal(goal: Goal, results: Results) -> list[str]:
    try:
        verdict = judge(goal, results)
    except KeyError as missing:
        measured = f"{missing.args[0].target} was not measured"
        return [goal.name, goal.target, goal.stretch, measured, "", ""]
    stretch = _yes(verdict.stretch_met) if goal.stretch else ""
    met = _yes(verdict.met)
    return [goal.name, goal.target, goal.stretch, verdict.measured, met, stretch]


def results_table(results: Results, columns: Sequence[str]) -> list[str]:
    """Return rows of targets and variants: median [min-max] x ratio to FastAPI."""
    variants = len({row.variant for row in results}) > 1
    heads = ["target", *(["variant"] if variants else [])]
    rows = [
        [row.target, *([row.variant] if variants else [])]
        + [cell(results, row, name) for name in columns]
        for row in results
    ]
    return table([*heads, *(HEADINGS[name] for name in columns)], rows)


def cell(results: Results, row: Row, name: str) -> str:
    spread = stats.spread(results[row], name)
    if math.isnan(spread.median):
        return "failed"
    text = format_number(spread.median)
    if len(results[row]) > 1:
        text += f" [{format_number(spread.low)}-{format_number(spread.high)}]"
    base = _base_row(results, row)
    if base is None or base == row:
        return text
    ratio = stats.ratio(results[row], results[base], name)
    return f"{text} x{format_number(ratio)}" if math.isfinite(ratio) else text


def _base_row(results: Results, row: Row) -> Row | None:
    """Return the row to compare with: FastAPI's, else Cerellama's first."""
    candidates = [row._replace(target=FASTAPI.target), FASTAPI, CERELLAMA]
    return next((base for base in candidates if base in results), None)


def ceilings(all_results: AllResults) -> list[str]:
    """Compare the upstream and the load generator with the fastest targets."""
    results = all_results.get("fast", {})
    if DIRECT not in results:
        return []
    direct = stats.median_of(results[DIRECT], "chunks_s")
    upstream, load = (_per_cpu(results, name) for name in ("upstream", "load"))
    fastest = max(
        (row for row in results if row.target in PYTHON),
        key=lambda row: stats.median_of(results[row], "chunks_s"),
    )
    comparisons = [
        f"{direct / stats.median_of(results[row], 'chunks_s'):.1f} x {row.target}"
        for row in (fastest, NGINX)
        if row in results
    ]
    return [
        "The upstream and the load generator without a relay, both on one CPU: "
        f"{direct:,.0f} chunks/s ({', '.join(comparisons)}). "
        f"Per CPU second the upstream writes {upstream:,.0f} and the load generator "
        f"reads {load:,.0f}.",
        "",
    ]


def _per_cpu(results: Results, side: str) -> float:
    rounds = [
        {"rate": figures["chunks"] / figures[f"{side}_cpu_s"]}
        for figures in results[DIRECT]
        if figures
    ]
    return stats.median_of(rounds, "rate")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _targets(results: Results) -> set[str]:
    return {row.target for row in results}


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"
