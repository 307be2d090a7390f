"""What a check has found: in order or not, and in plain words what to do."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

OK, WARNING, FAILED = "ok", "warning", "failed"


class Finding(NamedTuple):
    state: str
    what: str
    told: str

    def __str__(self) -> str:
        return f"{self.state:<8} {self.what:<9} {self.told}"


ok = partial(Finding, OK)
warning = partial(Finding, WARNING)
failed = partial(Finding, FAILED)
