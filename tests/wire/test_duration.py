import pytest

from app.wire import duration

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("-0", 0),
        ("0s", 0),
        ("5m", 300 * SECOND),
        ("+5m", 300 * SECOND),
        ("5m0s", 300 * SECOND),
        ("1.5h", 5400 * SECOND),
        ("2h45m", 9900 * SECOND),
        ("24h", 86400 * SECOND),
        ("300ms", 300_000_000),
        ("1us", 1000),
        ("1µs", 1000),
        ("1μs", 1000),
        ("7ns", 7),
        (".5s", SECOND // 2),
        ("1.s", SECOND),
        ("1s1s", 2 * SECOND),
        ("-5m", -300 * SECOND),
        ("-1.5s", -3 * SECOND // 2),
        ("9223372036854775807ns", 2**63 - 1),
        pytest.param("1ns" * 33, 33, id="many steps"),
    ],
)
def test_duration_is_parsed_as_in_go(text: str, nanoseconds: int) -> None:
    assert duration.parse(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("abc", 'time: invalid duration "abc"'),
        (".", 'time: invalid duration "."'),
        (".s", 'time: invalid duration ".s"'),
        (" 5m", 'time: invalid duration " 5m"'),
        ("--5m", 'time: invalid duration "--5m"'),
        ("5", 'time: missing unit in duration "5"'),
        ("-1", 'time: missing unit in duration "-1"'),
        ("00", 'time: missing unit in duration "00"'),
        ("1..5s", 'time: missing unit in duration "1..5s"'),
        ("1h5", 'time: missing unit in duration "1h5"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("5 m", 'time: unknown unit " m" in duration "5 m"'),
        ("5M", 'time: unknown unit "M" in duration "5M"'),
        ('5"', 'time: unknown unit "\\"" in duration "5\\""'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("3000000h", 'time: invalid duration "3000000h"'),
        pytest.param(
            "9" * 5000 + "s",
            f'time: invalid duration "{"9" * 5000}s"',
            id="too many digits",
        ),
        pytest.param(
            "1ns" * 100_000,
            f'time: invalid duration "{"1ns" * 100_000}"',
            id="too many steps",
        ),
    ],
)
def test_invalid_duration_is_refused_with_go_text(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="^time: ") as raised:
        duration.parse(text)

    assert str(raised.value) == message
