"""What `make` says on a machine that cannot run Cerellama."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.real_parts import require_real

PROJECT = Path(__file__).parents[1]
# Stand-ins for a python3 too old, and for Debian's without python3-venv.
UNFIT = {
    "too old": "import sys; sys.version_info = (3, 10); ",
    "without venv": "import sys; sys.modules['ensurepip'] = None; ",
}


def make_run(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(PROJECT / "Makefile", folder)
    command = [require_real("make"), "run", f"PYTHON={python}"]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def unfit_python(folder: Path, handicap: str) -> str:
    """A python3 that runs its `-c` program under a handicap."""
    script = folder / "python"
    real = shutil.which("python3")
    script.write_text(f'#!/bin/sh\nexec {real} -c "{handicap}$2"\n')
    script.chmod(0o755)
    return str(script)


def says_what_to_install(done: subprocess.CompletedProcess[str]) -> bool:
    first, rest = done.stderr.splitlines()[0], done.stderr.splitlines()[1:]
    return "needs Python 3.11 or newer with venv" in first and all(
        line.startswith("make: ***") for line in rest
    )


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    done = make_run(tmp_path, "python-that-is-not-there")

    assert done.returncode != 0
    assert says_what_to_install(done)


@pytest.mark.parametrize("handicap", UNFIT.values(), ids=UNFIT)
def test_an_unfit_python_is_told_what_to_install(tmp_path: Path, handicap: str) -> None:
    done = make_run(tmp_path, unfit_python(tmp_path, handicap))

    assert done.returncode != 0
    assert says_what_to_install(done)
    assert not (tmp_path / ".venv").exists()
