"""Run a scene of `under_gevent.py` in a process of its own, patched by gevent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]

Play = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def play() -> Play:
    """Runs a scene of under_gevent.py in a process of its own."""

    def run(scene: str) -> dict[str, Any]:
        program = subprocess.run(
            [sys.executable, "-m", "tests.under_gevent", scene],
            check=False,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (program.returncode, program.stderr) == (0, "")
        told: dict[str, Any] = json.loads(program.stdout)
        return told

    return run
