"""docs/reliability.md agrees with the tests that it describes."""

import re
from pathlib import Path

from app.config import Config
from tests.upstream.faults import FAULTS, IDLE_S, SUCCESS, Outcome

PROJECT = Path(__file__).parents[1]
TEXT = (PROJECT / "docs" / "reliability.md").read_text()
DEFAULT_IDLE_S = Config().idle_timeout_s
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def format_cell(outcome: Outcome) -> str:
    if outcome == SUCCESS:
        return "a complete reply"
    is_last_event = outcome.status == SUCCESS.status
    how = "last event: " if is_last_event else f"{outcome.status} "
    text = outcome.text.replace(f"{IDLE_S:g} seconds", f"{DEFAULT_IDLE_S:g} seconds")
    return f"{how}`{text}`"


def format_row(name: str) -> str:
    fault = FAULTS[name]
    return f"| {name} | {format_cell(fault.whole)} | {format_cell(fault.streamed)} |"


def test_every_fault_has_its_row() -> None:
    assert [name for name in FAULTS if format_row(name) not in TEXT] == []


def test_every_named_test_exists() -> None:
    named = TEST_NAME.findall(TEXT)

    assert named
    assert [
        (file, test)
        for file, test in named
        if f"def {test}(" not in (PROJECT / file).read_text()
    ] == []
