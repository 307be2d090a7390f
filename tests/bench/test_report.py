"""The tables of RESULTS.md."""

import math

import pytest

from bench import report
from bench.rounds import Row

Results = dict[Row, list[dict[str, float]]]

FAST: Results = {
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
DIALECTS: Results = {
    Row("cerellama"): [{"gone_ms": 10.0}],
    Row("cerellama", "openai"): [{"gone_ms": 11.0}],
}
PACED: Results = {
    Row("cerellama", "pace"): [{"gone_ms": 1.0}],
    Row("flask_naive", "pace"): [{"gone_ms": math.inf}],
    Row("fastapi_httpx", "pace"): [{"gone_ms": 4.0}],
}


@pytest.mark.parametrize(
    ("results", "figure", "row"),
    [
        (FAST, "cpu_us_chunk", "| target | CPU per chunk, us |"),
        (FAST, "cpu_us_chunk", "| cerellama | 6 [5-7] x0.06 |"),
        (FAST, "cpu_us_chunk", "| fastapi_httpx | 100 [100-100] |"),
        (DIALECTS, "gone_ms", "| cerellama | openai | 11 x1.1 |"),
        (PACED, "gone_ms", "| flask_naive | never |"),
        (PACED, "gone_ms", "| cerellama | 1 x0.25 |"),
    ],
    ids=["head", "median, range and ratio", "base", "dialect", "infinite", "variant"],
)
def test_table_has_row(results: Results, figure: str, row: str) -> None:
    assert row in report.results_table(results, (figure,))


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
