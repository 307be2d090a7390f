"""`flask doctor`: check the settings, the network, the keys and this machine."""

from functools import partial
from typing import NamedTuple

OK, WARNING, FAILED = "ok", "warning", "failed"


class Finding(NamedTuple):
    """The result of a check, printed as one line."""

    state: str
    subject: str
    text: str  # what the check found, and what to do about it

    def __str__(self) -> str:
        return f"{self.state:<8} {self.subject:<9} {self.text}"


ok = partial(Finding, OK)
warning = partial(Finding, WARNING)
failed = partial(Finding, FAILED)
