"""Base64 as Go reads it."""

import pytest

from app.wire.base64 import check_base64


@pytest.mark.parametrize(
    ("encoded", "checked"),
    [("aGVsbG8=", "aGVsbG8="), ("aGVs\r\nbG8=\n", "aGVsbG8="), ("", "")],
)
def test_line_breaks_are_removed(encoded: str, checked: str) -> None:
    assert check_base64(encoded) == checked


@pytest.mark.parametrize(
    ("encoded", "position"),
    [
        ("!!!", 0),
        ("AAA", 0),
        ("AA-_", 2),
        ("data:image/png;base64,AAAA", 4),
        ("AAAAAAA", 4),
        ("AAAAé", 4),
        ("AAAA=AAA", 4),
    ],
)
def test_invalid_base64_names_first_bad_byte(encoded: str, position: int) -> None:
    with pytest.raises(ValueError, match=f"^illegal base64 .* input byte {position}$"):
        check_base64(encoded)
