"""Ideas for values, taken from what the user wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

QUOTED = re.compile(r"(?<!\w)[\"'“‘]([^\"'“”‘’]+)[\"'”’](?!\w)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Capitalised words that do not start a sentence.
PROPER = re.compile(r"(?<=[a-z,;] )[A-Z][\w-]*(?: [A-Z][\w-]*)*")
WHOLE = re.compile(
    r"quer|question|prompt|text|message|expression|content|input|search|thought"
)


class Hints:
    """Each idea is given once, in the order of the text."""

    def __init__(self, text: str) -> None:
        self._text = " ".join(text.split())
        names = [match.group(1) for match in QUOTED.finditer(self._text)]
        self._names = names + PROPER.findall(QUOTED.sub("", self._text))
        self._numbers = [float(each) for each in NUMBER.findall(self._text)]

    def pick(self, choices: Sequence[Any]) -> Any:
        """The choice that was mentioned, else the first."""
        text = self._text.lower()
        for choice in choices:
            if isinstance(choice, str) and choice and choice.lower() in text:
                return choice
        return choices[0] if choices else None

    def number(self, whole: bool) -> float | None:
        for place, number in enumerate(self._numbers):
            if not whole or number.is_integer():
                return self._numbers.pop(place)
        return None

    def word(self, name: str, pattern: str | None = None) -> str:
        if WHOLE.search(name.lower()) and self._text:
            return self._text
        for place, word in enumerate(self._names):
            if pattern is None or re.search(pattern, word):
                return self._names.pop(place)
        return f"simulated {name}"
