"""Figures that tests measure, shown at the end of a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

NAME = "figure"

Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Have a figure shown, whatever the options of the run."""
    return lambda text: record_property(NAME, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports(
        "failed"
    )
    figures = [
        str(value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == NAME
    ]
    if figures:
        terminalreporter.section("Figures")
        terminalreporter.write_line("\n".join(figures))
