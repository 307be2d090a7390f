"""A missing program skips its test, or fails it with REQUIRE_REAL_PARTS=1."""

import sys
from pathlib import Path

import pytest

from tests.real_parts import require_real


def test_program_is_found_by_name_and_file_by_path() -> None:
    assert Path(require_real("sh")).name == "sh"
    assert require_real(Path(sys.executable)) == sys.executable


@pytest.mark.parametrize("part", ["no-such-program", Path("/no/such/file")])
def test_missing_part_skips_the_test(
    monkeypatch: pytest.MonkeyPatch, part: str | Path
) -> None:
    monkeypatch.delenv("REQUIRE_REAL_PARTS", raising=False)

    with pytest.raises(pytest.skip.Exception, match="real part missing: .*no"):
        require_real(part)


def test_missing_part_fails_the_test_if_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUIRE_REAL_PARTS", "1")

    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        require_real("no-such-program")
