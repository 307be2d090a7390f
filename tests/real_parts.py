"""Tests that need a real program or file are skipped if it is missing.

The closing lines of the run list the missing ones. With REQUIRE_REAL_PARTS=1 these
tests fail.
"""

import os
import shutil
from pathlib import Path

import pytest

MISSING = "real part missing: "


def require_real(part: str | Path) -> str:
    """Return the path of a program or file; skip the test if it is missing."""
    path = part if isinstance(part, Path) and part.exists() else None
    if isinstance(part, str):
        path = shutil.which(part)
    if path is None:
        end_test = pytest.fail if os.environ.get("REQUIRE_REAL_PARTS") else pytest.skip
        end_test(MISSING + _name(part))
    return str(path)


def _name(part: str | Path) -> str:
    """Return the name of a program, or the path of a file relative to the project."""
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
