"""RESULTS.md: the goals beside what was measured, then every scenario's table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from bench import cpu, stats
from bench.goals import (
    BASE,
    DIRECT,
    GOALS,
    NGINX,
    OURS,
    TWO_WORKERS,
    Goal,
    judge,
    number,
)
from bench.rounds import ENOUGH_CPUS, Results, Row
from bench.scenarios import PYTHON, SCENARIOS

Everything = Mapping[str, Results]
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
    "held_s": "held after, s",
    "kib_stream": "KiB per stream",
    "rss_mib": "memory, MiB",
    "gone_ms": "closed after, ms",
    "server_cpus": "CPUs, servers",
    "rest_cpus": "CPUs, upstream and load",
}

OTHERS = {  # title and columns of what is no run of the load generator
    "gone": ("Client gone: until the upstream's connection is closed", ("gone_ms",)),
    "held": (
        "4,000 held streams at 1 token/s on one worker, one round",
        ("held", "held_s", "kib_stream", "rss_mib"),
    ),
}


def document(everything: Everything, where: Sequence[str]) -> str:
    """The whole file; `where` is the machine, then the versions."""
    lines = [
        "# What Cerellama costs, measured",
        "",
        "Written by `make bench`; what each number means is in [README.md](README.md).",
        "",
        where[0],
        *(f"- {version}" for version in where[1:]),
        "",
        *ceilings(everything),
        *failures(everything),
        "",
        "## Targets",
        "",
        *goals(everything),
        "",
        "![CPU per chunk](cpu.png)",
        "",
        "![Latency against load](latency.png)",
    ]
    for key, results in everything.items():
        lines += ["", *section(key, results)]
    return "\n".join([*lines, ""])


def section(key: str, results: Results) -> list[str]:
    if key in OTHERS:
        title, shows = OTHERS[key]
    else:
        title, shows = SCENARIOS[key].title, SCENARIOS[key].shows
    lines = [f"## {title} (`{key}`)", "", *scenario(results, shows)]
    return lines + shared(results) if key == "workers" else lines


def shared(results: Results) -> list[str]:
    """Why two workers cannot be twice as fast where all share the CPUs."""
    one, two = results.get(OURS), results.get(TWO_WORKERS)
    if not one or not two or len(cpu.USABLE) >= ENOUGH_CPUS:
        return []
    alone, both = (stats.middle(rows, "server_cpus") for rows in (one, two))
    rest = stats.middle(two, "rest_cpus")
    most = (len(cpu.USABLE) - rest) / alone
    return [
        "",
        f"All share {len(cpu.USABLE)} CPUs. One worker used {alone:.2f}. Two used "
        f"{both:.2f} beside the {rest:.2f} of the upstream and the load generator: "
        f"there was room for {most:.2f} times one worker, were nothing else running.",
    ]


def failures(everything: Everything) -> list[str]:
    """Rounds in which a text, a count or an end was wrong, or none came in time."""
    found = [
        f"{key}: {row.target}, {measured.count({})} of {len(measured)} rounds"
        for key, results in everything.items()
        for row, measured in results.items()
        if {} in measured
    ]
    if not found:
        return ["Every relayed text was right, to the last token, in every round."]
    return ["Failed, and left out:", *(f"- {line}" for line in found)]


def goals(everything: Everything) -> list[str]:
    rows = [
        _goal(goal, everything[goal.scenario])
        for goal in GOALS
        if goal.scenario in everything
        and OURS.target in _targets(everything[goal.scenario])
    ]
    heads = ("what", "target", "stretch", "measured", "target met", "stretch met")
    return table(heads, rows)


def _goal(goal: Goal, results: Results) -> list[str]:
    try:
        verdict = judge(goal, results)
    except KeyError as missing:
        without = f"{missing.args[0].target} was not measured"
        return [goal.what, goal.target, goal.stretch, without, "", ""]
    stretch = _yes(verdict.stretch_met) if goal.stretch else ""
    met = _yes(verdict.met)
    return [goal.what, goal.target, goal.stretch, verdict.measured, met, stretch]


def scenario(results: Results, shows: Sequence[str]) -> list[str]:
    """A row per target (and dialect or state): median [min-max], x ratio to FastAPI."""
    kinds = len({row.dialect for row in results}) > 1
    heads = ["target", *(["as"] if kinds else []), *(HEADINGS[name] for name in shows)]
    rows = [
        [row.target, *([row.dialect] if kinds else [])]
        + [cell(results, row, name) for name in shows]
        for row in results
    ]
    return table(heads, rows)


def cell(results: Results, row: Row, name: str) -> str:
    found = stats.spread(results[row], name)
    if math.isnan(found.median):
        return "failed"
    text = number(found.median)
    if len(results[row]) > 1:
        text += f" [{number(found.low)}-{number(found.high)}]"
    base = _base(results, row)
    ratio = stats.ratio(results[row], results[base], name) if base else math.nan
    return f"{text} x{number(ratio)}" if base != row and math.isfinite(ratio) else text


def _base(results: Results, row: Row) -> Row | None:
    """What a row is compared with: FastAPI, or Cerellama's own first row."""
    found = [row._replace(target=BASE.target), BASE, OURS]
    return next((base for base in found if base in results), None)


def ceilings(everything: Everything) -> list[str]:
    """How much faster than any target the upstream and the load generator are."""
    results = everything.get("fast", {})
    if DIRECT not in results:
        return []
    direct = stats.middle(results[DIRECT], "chunks_s")
    upstream, load = (_per_cpu(results, name) for name in ("upstream", "load"))
    fastest = max(
        (row for row in results if row.target in PYTHON),
        key=lambda row: stats.middle(results[row], "chunks_s"),
    )
    against = [
        f"{direct / stats.middle(results[row], 'chunks_s'):.1f} x {row.target}"
        for row in (fastest, NGINX)
        if row in results
    ]
    return [
        "The upstream and the load generator without a relay between, both on one CPU: "
        f"{direct:,.0f} chunks/s ({', '.join(against)}). Per CPU second the upstream "
        f"writes {upstream:,.0f} and the load generator reads {load:,.0f}.",
        "",
    ]


def _per_cpu(results: Results, side: str) -> float:
    rounds = [
        {"rate": measured["chunks"] / measured[f"{side}_cpu_s"]}
        for measured in results[DIRECT]
        if measured
    ]
    return stats.middle(rounds, "rate")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _targets(results: Results) -> set[str]:
    return {row.target for row in results}


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"
