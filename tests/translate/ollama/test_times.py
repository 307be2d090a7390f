import pytest

from app.translate.ollama.reply import render_time

WHOLE = 1_785_546_123_000_000_000


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (WHOLE, "2026-08-01T01:02:03Z"),
        (WHOLE + 120_000_000, "2026-08-01T01:02:03.12Z"),
        (WHOLE + 100_000_001, "2026-08-01T01:02:03.100000001Z"),
        (WHOLE + 10, "2026-08-01T01:02:03.00000001Z"),
        (WHOLE + 7_000_000_000, "2026-08-01T01:02:10Z"),
    ],
    ids=["whole-second", "hundredths", "nanoseconds", "tens", "zero-second"],
)
def test_a_time_is_printed_as_go_does(ns: int, text: str) -> None:
    assert render_time(ns) == text
