"""Limits for the path of a request: see docs/architecture.md, "The recorded walk"."""

import re

import pytest

from tests.hot import walk
from tests.processes import PROJECT

pytestmark = pytest.mark.timing

MAX_FILES = 46
MAX_FUNCTIONS = 232
MAX_MOVES = 168
MAX_DEPTH = 18


def test_streamed_chat_stays_within_its_limits() -> None:
    recorded = walk.record()

    assert recorded.files <= MAX_FILES
    assert recorded.functions <= MAX_FUNCTIONS
    assert recorded.moves <= MAX_MOVES
    assert recorded.depth <= MAX_DEPTH


def test_pages_state_the_limits_and_name_existing_files() -> None:
    docs = PROJECT / "docs"
    printed = (docs / "walk.md").read_text()
    files = set(re.findall(r"^    (\S+\.py):", printed, re.MULTILINE))

    limits = f"| {MAX_FILES} | {MAX_FUNCTIONS} | {MAX_MOVES} | {MAX_DEPTH} |"
    assert limits in (docs / "architecture.md").read_text()
    assert files
    assert [name for name in files if not (PROJECT / "app" / name).is_file()] == []
