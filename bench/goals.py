"""The performance goals of Cerellama, and whether a run met them."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bench import stats
from bench.disconnect import STATES
from bench.held import STREAMS
from bench.rounds import Figures, Results, Row

CERELLAMA, FASTAPI, NGINX = Row("cerellama"), Row("fastapi_httpx"), Row("nginx")
DIRECT, TWO_WORKERS = Row("direct"), Row("cerellama_2")
US_PER_MS = 1000
HUNDRED = 100

Measure = Callable[[Results], float]


class Limit(NamedTuple):
    """A figure of a goal, with its limits; without one it is only shown."""

    unit: str
    measure: Measure
    target: float | None = None
    stretch: float | None = None
    at_least: bool = False
    suffix: str = ""

    def is_met(self, value: float, limit: float | None) -> bool:
        if limit is None:
            return True
        return value >= limit if self.at_least else value <= limit

    def describe(self, limit: float | None) -> str:
        sign = ">=" if self.at_least else "<="
        return "" if limit is None else f"{sign} {limit:g} {self.unit}"


class Goal(NamedTuple):
    name: str
    scenario: str
    limits: tuple[Limit, ...]

    @property
    def target(self) -> str:
        return _join(limit.describe(limit.target) for limit in self.limits)

    @property
    def stretch(self) -> str:
        return _join(limit.describe(limit.stretch) for limit in self.limits)


class Verdict(NamedTuple):
    measured: str
    met: bool
    stretch_met: bool


def judge(goal: Goal, results: Results) -> Verdict:
    values = [(limit, limit.measure(results)) for limit in goal.limits]
    return Verdict(
        ", ".join(
            f"{format_number(value)} {limit.unit} {limit.suffix}".rstrip()
            for limit, value in values
        ),
        all(limit.is_met(value, limit.target) for limit, value in values),
        all(limit.is_met(value, limit.stretch) for limit, value in values),
    )


def format_number(value: float) -> str:
    """Return three digits or more; "never" for infinity, "none" for NaN."""
    if not math.isfinite(value):
        return "never" if value > 0 else "none"
    return f"{value:,.0f}" if abs(value) >= HUNDRED else f"{value:.3g}"


def ratio(name: str, base: Row = FASTAPI, row: Row = CERELLAMA) -> Measure:
    return lambda results: stats.ratio(results[row], results[base], name)


def median(name: str, scale: float = 1, row: Row = CERELLAMA) -> Measure:
    return lambda results: stats.median_of(results[row], name) / scale


def added_ratio(results: Results) -> float:
    ours, base = _added(results, CERELLAMA), _added(results, FASTAPI)
    return stats.ratio(ours, base, "added")


def added_over_nginx(results: Results) -> float:
    ours, base = _added(results, CERELLAMA), _added(results, NGINX)
    return stats.difference(ours, base, "added") / US_PER_MS


def _added(results: Results, row: Row) -> list[Figures]:
    """Return the time to the first token beyond that without a relay, per round."""
    pairs = zip(results[row], results[DIRECT], strict=True)
    return [
        {"added": a["ttft_p50"] - b["ttft_p50"]} if a and b else {} for a, b in pairs
    ]


def _join(limits: Iterable[str]) -> str:
    return " and ".join(filter(None, dict.fromkeys(limits)))


X_FASTAPI, X_NGINX = "x FastAPI", "x nginx"


def _dialects(scenario: str, speed: str) -> Goal:
    limits = (
        Limit(
            "x native",
            ratio("cpu_us_chunk", CERELLAMA, Row(CERELLAMA.target, dialect)),
            1.2,
            1.0,
            suffix=f"for {dialect}",
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
        (Limit(X_FASTAPI, ratio("cpu_us_chunk"), 0.07, 0.05),),
    ),
    Goal(
        "one worker, 8 x 3,000 tokens/s",
        "pace3000",
        (
            Limit("% carried", median("carried", 0.01), 98, None, at_least=True),
            Limit("ms median latency", median("lat_p50", US_PER_MS), 1),
            Limit(f"{X_NGINX}'s p99", ratio("lat_p99", NGINX), None, 2),
        ),
    ),
    Goal(
        "added time to first token, 1 client",
        "first1",
        (
            Limit(X_FASTAPI, added_ratio, 0.55),
            Limit("ms over nginx", added_over_nginx, 1.2, 0.5),
        ),
    ),
    Goal(
        "CPU per agent reply",
        "agent",
        (Limit(X_FASTAPI, ratio("cpu_ms_reply"), 0.25, 0.20),),
    ),
    Goal(
        "memory per held stream, 4,000 held on one worker",
        "held",
        (
            Limit("held", median("held"), STREAMS, None, at_least=True),
            Limit("KiB", median("kib_stream"), 45, 35),
        ),
    ),
    Goal(
        "client disconnect to upstream close",
        "gone",
        tuple(
            Limit(
                "ms",
                median("gone_ms", row=Row(CERELLAMA.target, state)),
                10,
                1,
                suffix=state,
            )
            for state in STATES
        ),
    ),
    Goal(
        "latency beside a full-speed stream",
        "neighbours",
        (Limit("ms median", median("lat_p50", US_PER_MS), 1, 0.5),),
    ),
    Goal(
        "latency beside 2 MB replies",
        "bodies",
        (Limit("ms p99", median("lat_p99", US_PER_MS), 25, 20),),
    ),
    _dialects("dialects", "natural pace"),
    _dialects("dialects_fast", "full speed"),
    Goal(
        "two workers against one, full speed (or the reason given below)",
        "workers",
        (
            Limit(
                "x one",
                ratio("chunks_s", CERELLAMA, TWO_WORKERS),
                1.8,
                None,
                at_least=True,
            ),
            Limit("CPUs for the servers", median("server_cpus", row=TWO_WORKERS)),
            Limit("for upstream and load", median("rest_cpus", row=TWO_WORKERS)),
        ),
    ),
)
