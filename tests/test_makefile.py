"""The error of `make` on a machine whose Python cannot run Cerellama."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.real_parts import require_real

PROJECT = Path(__file__).parents[1]
UNFIT_PYTHONS = {
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


def write_unfit_python(folder: Path, prelude: str) -> str:
    """Write a python3 that runs `prelude` before the program of its `-c` option."""
    script = folder / "python"
    real = shutil.which("python3")
    script.write_text(f'#!/bin/sh\nexec {real} -c "{prelude}$2"\n')
    script.chmod(0o755)
    return str(script)


def assert_names_what_to_install(result: subprocess.CompletedProcess[str]) -> None:
    first, *others = result.stderr.splitlines()

    assert result.returncode != 0
    assert "needs Python 3.11 or newer with venv" in first
    assert all(line.startswith("make: ***") for line in others)


def test_missing_python_is_reported(tmp_path: Path) -> None:
    result = make_run(tmp_path, "python-that-is-not-there")

    assert_names_what_to_install(result)


@pytest.mark.parametrize("prelude", UNFIT_PYTHONS.values(), ids=UNFIT_PYTHONS)
def test_unfit_python_is_reported(tmp_path: Path, prelude: str) -> None:
    result = make_run(tmp_path, write_unfit_python(tmp_path, prelude))

    assert_names_what_to_install(result)
    assert not (tmp_path / ".venv").exists()
