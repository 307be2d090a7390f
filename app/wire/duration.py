"""Durations in Go's format: `5m`, `1.5h`, `300ms`, `2h45m`, `-1s`."""

import json
import re
from fractions import Fraction

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5
    "μs": 1_000,  # U+03BC
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
LONGEST = 2**63 - 1  # nanoseconds
FOREVER = -1  # any negative keep-alive means that a model stays loaded
MAX_CHARACTERS = 100  # parsing a text of 100,000 characters takes seconds

STEP = re.compile(r"(?P<number>\d+\.?\d*|\.\d+)(?P<unit>[^\d.]*)", re.ASCII)


def parse(text: str) -> int:
    """Return the nanoseconds of `text`, or raise `ValueError`.

    Error texts are those of Go's time.ParseDuration.
    """
    quoted = json.dumps(text, ensure_ascii=False)
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"time: invalid duration {quoted}")
    unsigned = text[1:] if text[:1] in ("-", "+") else text
    if unsigned == "0":
        return 0
    total, position = Fraction(0), 0
    while position < len(unsigned) or not unsigned:
        step = STEP.match(unsigned, position)
        if step is None:
            raise ValueError(f"time: invalid duration {quoted}")
        if not step["unit"]:
            raise ValueError(f"time: missing unit in duration {quoted}")
        if step["unit"] not in NANOSECONDS:
            unit = json.dumps(step["unit"], ensure_ascii=False)
            raise ValueError(f"time: unknown unit {unit} in duration {quoted}")
        total += Fraction(step["number"]) * NANOSECONDS[step["unit"]]
        position = step.end()
    if total > LONGEST:
        raise ValueError(f"time: invalid duration {quoted}")
    return -int(total) if text[0] == "-" else int(total)
