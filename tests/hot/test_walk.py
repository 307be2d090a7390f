"""Limits for the path of a request: see docs/architecture.md, "The recorded walk"."""

from __future__ import annotations

import re

import pytest

from tests.hot import walk
from tests.processes import PROJECT

pytestmark = pytest.mark.timing

MAX_FILES = 46
MAX_FUNCTIONS = 236
MAX_MOVES = 174
MAX_DEPTH = 18
RECORDINGS = 5  # how many reads bring the reply varies: the shortest walk counts


def test_streamed_chat_stays_within_its_limits() -> None:
    walks = [walk.record() for _ in range(RECORDINGS)]

    assert min(each.files for each in walks) <= MAX_FILES
    assert min(each.functions for each in walks) <= MAX_FUNCTIONS
    assert min(each.moves for each in walks) <= MAX_MOVES
    assert min(each.depth for each in walks) <= MAX_DEPTH


def test_pages_state_the_limits_and_name_existing_files() -> None:
    docs = PROJECT / "docs"
    printed = (docs / "walk.md").read_text()
    files = set(re.findall(r"^    (\S+\.py):", printed, re.MULTILINE))

    limits = f"| {MAX_FILES} | {MAX_FUNCTIONS} | {MAX_MOVES} | {MAX_DEPTH} |"
    assert limits in (docs / "architecture.md").read_text()
    assert files
    assert [name for name in files if not (PROJECT / "app" / name).is_file()] == []
