"""Tests of real programs: skipped where one is missing, but never quietly.

One closing line lists what was missing. With REQUIRE_REAL_PARTS=1 it is a failure.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

MISSING = "real part missing: "


def require_real(part: str | Path) -> str:
    """The path of a program found by its name, or of a file that has to exist."""
    found = part if isinstance(part, Path) and part.exists() else None
    if isinstance(part, str):
        found = shutil.which(part)
    if found is None:
        leave = pytest.fail if os.environ.get("REQUIRE_REAL_PARTS") else pytest.skip
        leave(MISSING + _name(part))
    return str(found)


def _name(part: str | Path) -> str:
    """A file is named from the project on."""
    project = Path(__file__).parents[1]
    if isinstance(part, Path) and part.is_relative_to(project):
        return str(part.relative_to(project))
    return str(part)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = [
        report.longrepr[2].partition(MISSING)[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and MISSING in report.longrepr[2]
    ]
    if missing:
        parts = ", ".join(sorted(set(missing)))
        terminalreporter.write_line(
            f"NOT TESTED, {len(missing)} test(s) skipped for lack of: {parts}",
            red=True,
            bold=True,
        )
