"""The targets that Cerellama is built to, as a table, and whether a run met them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bench import stats
from bench.gone import STATES
from bench.held import STREAMS
from bench.rounds import Measured, Results, Row

OURS, BASE, NGINX = Row("cerellama"), Row("fastapi_httpx"), Row("nginx")
DIRECT, TWO_WORKERS = Row("direct"), Row("cerellama_2")
US_PER_MS = 1000
HUNDRED = 100

Measure = Callable[[Results], float]


class Limit(NamedTuple):
    """One number of a goal; a limit of None only tells the number."""

    unit: str
    measure: Measure
    target: float | None = None
    stretch: float | None = None
    at_least: bool = False
    of: str = ""

    def keeps(self, value: float, limit: float | None) -> bool:
        if limit is None:
            return True
        return value >= limit if self.at_least else value <= limit

    def told(self, limit: float | None) -> str:
        sign = ">=" if self.at_least else "<="
        return "" if limit is None else f"{sign} {limit:g} {self.unit}"


class Goal(NamedTuple):
    what: str
    scenario: str
    limits: tuple[Limit, ...]

    @property
    def target(self) -> str:
        return _joined(limit.told(limit.target) for limit in self.limits)

    @property
    def stretch(self) -> str:
        return _joined(limit.told(limit.stretch) for limit in self.limits)


class Verdict(NamedTuple):
    measured: str
    met: bool
    stretch_met: bool


def judge(goal: Goal, results: Results) -> Verdict:
    found = [(limit, limit.measure(results)) for limit in goal.limits]
    return Verdict(
        ", ".join(
            f"{number(value)} {limit.unit} {limit.of}".rstrip()
            for limit, value in found
        ),
        all(limit.keeps(value, limit.target) for limit, value in found),
        all(limit.keeps(value, limit.stretch) for limit, value in found),
    )


def number(value: float) -> str:
    """Three digits, or more before the point; a word for what never came or was not."""
    if not math.isfinite(value):
        return "never" if value > 0 else "none"
    return f"{value:,.0f}" if abs(value) >= HUNDRED else f"{value:.3g}"


def ratio(name: str, base: Row = BASE, of: Row = OURS) -> Measure:
    return lambda results: stats.ratio(results[of], results[base], name)


def middle(name: str, scale: float = 1, of: Row = OURS) -> Measure:
    return lambda results: stats.middle(results[of], name) / scale


def added_ratio(results: Results) -> float:
    return stats.ratio(_added(results, OURS), _added(results, BASE), "added")


def added_over_nginx(results: Results) -> float:
    ours, limit = _added(results, OURS), _added(results, NGINX)
    return stats.difference(ours, limit, "added") / US_PER_MS


def _added(results: Results, row: Row) -> list[Measured]:
    """Time to the first token, less what the same client waits for without a relay."""
    pairs = zip(results[row], results[DIRECT], strict=True)
    return [
        {"added": a["ttft_p50"] - b["ttft_p50"]} if a and b else {} for a, b in pairs
    ]


def _joined(told: Iterable[str]) -> str:
    return " and ".join(filter(None, dict.fromkeys(told)))


X_FASTAPI, X_NGINX = "x FastAPI", "x nginx"


def _dialects(scenario: str, speed: str) -> Goal:
    limits = (
        Limit(
            "x native",
            ratio("cpu_us_chunk", OURS, Row(OURS.target, dialect)),
            1.2,
            1.0,
            of=f"for {dialect}",
        )
        for dialect in ("openai", "anthropic")
    )
    return Goal(f"CPU per chunk of the other dialects, {speed}", scenario, (*limits,))


GOALS = (
    Goal(
        "CPU per chunk, natural pace",
        "pace",
        (
            Limit(X_FASTAPI, ratio("cpu_us_chunk"), 0.50, 0.42),
            Limit(X_NGINX, ratio("cpu_us_chunk", NGINX), None, 4),
        ),
    ),
    Goal(
        "CPU per chunk, full speed",
        "fast",
        (Limit(X_FASTAPI, ratio("cpu_us_chunk"), 0.09, 0.07),),
    ),
    Goal(
        "one worker, 8 x 3,000 tokens/s",
        "pace3000",
        (
            Limit("% carried", middle("carried", 0.01), 98, None, at_least=True),
            Limit("ms median latency", middle("lat_p50", US_PER_MS), 1),
            Limit(f"{X_NGINX}'s p99", ratio("lat_p99", NGINX), None, 2),
        ),
    ),
    Goal(
        "added time to first token, 1 client",
        "first1",
        (
            Limit(X_FASTAPI, added_ratio, 0.45),
            Limit("ms over nginx", added_over_nginx, 1.2, 0.5),
        ),
    ),
    Goal(
        "CPU per agent reply",
        "agent",
        (Limit(X_FASTAPI, ratio("cpu_ms_reply"), 0.35, 0.20),),
    ),
    Goal(
        "memory per held stream, 4,000 held on one worker",
        "held",
        (
            Limit("held", middle("held"), STREAMS, None, at_least=True),
            Limit("KiB", middle("kib_stream"), 60, 45),
        ),
    ),
    Goal(
        "client gone to upstream closed",
        "gone",
        tuple(
            Limit("ms", middle("gone_ms", of=Row(OURS.target, state)), 50, 10, of=state)
            for state in STATES
        ),
    ),
    Goal(
        "neighbours of a full-speed stream",
        "neighbours",
        (Limit("ms median", middle("lat_p50", US_PER_MS), 2, 1),),
    ),
    Goal(
        "neighbours of 2 MB answers",
        "bodies",
        (Limit("ms p99", middle("lat_p99", US_PER_MS), 25, 20),),
    ),
    _dialects("dialects", "natural pace"),
    _dialects("dialects_fast", "full speed"),
    Goal(
        "two workers against one, full speed (or the reason shown)",
        "workers",
        (
            Limit(
                "x one", ratio("chunks_s", OURS, TWO_WORKERS), 1.8, None, at_least=True
            ),
            Limit("CPUs for the servers", middle("server_cpus", of=TWO_WORKERS)),
            Limit("for upstream and load", middle("rest_cpus", of=TWO_WORKERS)),
        ),
    ),
)
