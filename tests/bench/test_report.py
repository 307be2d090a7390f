"""The tables of RESULTS.md."""

from __future__ import annotations

import math

from bench import report
from bench.rounds import Row

FAST = {
    Row("direct"): [
        {"cpu_us_chunk": 0.0, "chunks_s": 2e6, "chunks": 2e6, **cpu}
        for cpu in ({"upstream_cpu_s": 0.25, "load_cpu_s": 0.5},) * 2
    ],
    Row("nginx"): [{"cpu_us_chunk": 1.0, "chunks_s": 5e5}] * 2,
    Row("cerellama"): [
        {"cpu_us_chunk": 5.0, "chunks_s": 1e5},
        {"cpu_us_chunk": 7.0, "chunks_s": 1e5},
    ],
    Row("fastapi_httpx"): [{"cpu_us_chunk": 100.0, "chunks_s": 1e4}] * 2,
}


def row_of(lines: list[str], start: str) -> str:
    return next(line for line in lines if line.startswith(f"| {start}"))


def test_cell_has_median_range_and_ratio() -> None:
    lines = report.results_table(FAST, ("cpu_us_chunk",))

    assert lines[0] == "| target | CPU per chunk, us |"
    assert row_of(lines, "cerellama") == "| cerellama | 6 [5-7] x0.06 |"


def test_base_row_has_no_ratio() -> None:
    lines = report.results_table(FAST, ("cpu_us_chunk",))

    assert row_of(lines, "fastapi_httpx") == "| fastapi_httpx | 100 [100-100] |"


def test_dialects_are_compared_with_native() -> None:
    rows = {
        Row("cerellama"): [{"cpu_us_chunk": 10.0}],
        Row("cerellama", "openai"): [{"cpu_us_chunk": 11.0}],
    }

    lines = report.results_table(rows, ("cpu_us_chunk",))

    assert row_of(lines, "cerellama | openai").endswith("| 11 x1.1 |")


def test_infinite_figure_has_no_ratio() -> None:
    rows = {
        Row("flask_naive", "pace"): [{"gone_ms": math.inf}],
        Row("fastapi_httpx", "pace"): [{"gone_ms": 4.0}],
    }

    lines = report.results_table(rows, ("gone_ms",))

    assert row_of(lines, "flask_naive") == "| flask_naive | never |"


def test_variants_are_compared_with_the_same_variant() -> None:
    rows = {
        Row("cerellama", "pace"): [{"gone_ms": 1.0}],
        Row("fastapi_httpx", "pace"): [{"gone_ms": 4.0}],
    }

    lines = report.results_table(rows, ("gone_ms",))

    assert row_of(lines, "cerellama").endswith("| 1 x0.25 |")


def test_goal_table_has_only_measured_goals() -> None:
    lines = report.goals({"fast": FAST})

    assert len(lines) == 3
    assert "| 0.06 x FastAPI | yes | **no** |" in lines[2]


def test_goal_without_its_base_says_so() -> None:
    lines = report.goals({"fast": {Row("cerellama"): [{"cpu_us_chunk": 5.0}]}})

    assert "fastapi_httpx was not measured" in lines[2]


def test_ceiling_is_compared_with_fastest_python_and_nginx() -> None:
    text = report.ceilings({"fast": FAST})[0]

    assert "2,000,000 chunks/s (20.0 x cerellama, 4.0 x nginx)" in text
    assert "writes 8,000,000 and the load generator reads 4,000,000" in text


def test_failed_round_is_listed() -> None:
    failed = {"pace": {Row("cerellama"): [{"cpu_us_chunk": 5.0}, {}]}}

    assert "- pace: cerellama, 1 of 2 rounds" in report.failures(failed)
    assert "Every relayed text was right" in report.failures({"fast": FAST})[0]


def test_document_has_environment_and_tables() -> None:
    text = report.document({"fast": FAST}, ["On 2 CPUs.", "nginx 1"])

    assert text.index("On 2 CPUs.\n- nginx 1\n") < text.index("## Targets")
    assert "## Full speed: 8 clients, replies of 1,000 tokens (`fast`)" in text
