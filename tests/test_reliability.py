"""docs/reliability.md tells what is tested, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from app.config import Config
from tests.blueprints.test_faults import FAULTS, FINE, IDLE_S, Told

PROJECT = Path(__file__).parents[1]
TEXT = (PROJECT / "docs" / "reliability.md").read_text()
DEFAULT_IDLE_S = Config().idle_timeout_s
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def cell(told: Told) -> str:
    if told == FINE:
        return "a good answer"
    how = "last event: " if told.status == FINE.status else f"{told.status} "
    text = told.text.replace(f"{IDLE_S:g} seconds", f"{DEFAULT_IDLE_S} seconds")
    return f"{how}`{text}`"


def row(fault: str) -> str:
    _, whole, stream = FAULTS[fault]
    return f"| {fault} | {cell(whole)} | {cell(stream)} |"


def test_every_fault_of_the_upstream_is_told_as_it_is_tested() -> None:
    assert [row(fault) for fault in FAULTS if row(fault) not in TEXT] == []


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(TEXT)

    assert named
    assert [
        (file, test)
        for file, test in named
        if f"def {test}(" not in (PROJECT / file).read_text()
    ] == []
