"""Figures measured by tests, printed at the end of a run."""

from collections.abc import Callable

import pytest

PROPERTY = "figure"

ReportFigure = Callable[[str], None]


@pytest.fixture
def report_figure(record_property: Callable[[str, object], None]) -> ReportFigure:
    """Print a line at the end of the run, also with -q and under xdist."""
    return lambda text: record_property(PROPERTY, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports(
        "failed"
    )
    figures = [
        str(value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if figures:
        terminalreporter.section("Figures")
        terminalreporter.write_line("\n".join(figures))
