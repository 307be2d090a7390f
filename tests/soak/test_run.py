"""Short runs of the soak programs."""

import re
import subprocess
import sys

from soak.plan import make_plans
from tests.processes import PROJECT


def run_module(*arguments: str) -> str:
    """Return the output of a module, or its traceback."""
    command = [sys.executable, "-m", *arguments]
    process = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False
    )
    return process.stdout + process.stderr


def test_seed_determines_the_plans_of_a_client() -> None:
    first, again, other = (make_plans(seed, client=0, clients=4) for seed in (1, 1, 2))

    assert [next(first) for _ in range(50)] == [next(again) for _ in range(50)]
    assert next(first) != next(other)


def test_soak_prints_outcomes_resources_and_violations() -> None:
    output = run_module("soak", "--seconds", "2", "--warm-up", "1")

    assert re.search(r"^all +\d+", output, re.MULTILINE), output
    assert re.search(r"^after +[\d.]+", output, re.MULTILINE), output
    assert "first byte: p50 " in output
    assert re.search(r"^\d+ violations$", output, re.MULTILINE), output


def test_held_streams_are_counted() -> None:
    output = run_module("soak.held", "--streams", "20", "--seconds", "2")

    assert "20 streams held, 0 ended early" in output, output
    assert "memory per stream: " in output
