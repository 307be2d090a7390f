"""A few seconds of the soak, so that it works when it is needed."""

from __future__ import annotations

import re
import subprocess
import sys

from soak.plan import plans
from tests.processes import PROJECT


def test_a_seed_decides_all_of_a_clients_requests() -> None:
    once, again, other = (plans(seed, client=0, clients=4) for seed in (1, 1, 2))

    assert [next(once) for _ in range(50)] == [next(again) for _ in range(50)]
    assert next(once) != next(other)


def test_it_runs_and_prints_its_figures() -> None:
    command = [sys.executable, "-m", "soak", "--seconds", "2", "--warm-up", "1"]

    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False
    )

    assert re.search(r"^all +\d+", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert re.search(r"^after +[\d.]+", done.stdout, re.MULTILINE)
    assert "first byte: p50 " in done.stdout
    assert re.search(r"^\d+ promises? broken", done.stdout, re.MULTILINE)


def test_streams_are_held_and_counted() -> None:
    command = [sys.executable, "-m", "soak.held", "--streams", "20", "--seconds", "2"]

    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False
    )

    assert "20 streams held, 0 ended early" in done.stdout, done.stdout + done.stderr
    assert "memory of a stream: " in done.stdout
