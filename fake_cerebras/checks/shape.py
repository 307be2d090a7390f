"""Building blocks of the tables: what a value may look like.

A check takes a value and its path and returns what is wrong with it. The text about
unsupported properties is quoted; the others are guesses in pydantic's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Check = Callable[[Any, str], list[str]]


def fault(path: str, text: str) -> list[str]:
    return [f"{path}: {text}"]


def unsupported(path: str) -> list[str]:
    return fault(path, f"property '{path}' is unsupported")


def anything(value: Any, path: str) -> list[str]:
    return []


def refused(value: Any, path: str) -> list[str]:
    """For keys that the specification lists and this service does not offer."""
    return unsupported(path)


def flag(value: Any, path: str) -> list[str]:
    if isinstance(value, bool):
        return []
    return fault(path, "Input should be a valid boolean")


def mapping(value: Any, path: str) -> list[str]:
    if isinstance(value, dict):
        return []
    return fault(path, "Input should be an object")


def text(max_length: int | None = None, pattern: str | None = None) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return fault(path, "Input should be a valid string")
        if max_length is not None and len(value) > max_length:
            return fault(path, f"String should have at most {max_length} characters")
        if pattern is not None and not re.fullmatch(pattern, value):
            return fault(path, f"String should match pattern '^{pattern}$'")
        return []

    return check


def integer(low: int | None = None, high: int | None = None) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return fault(path, "Input should be a valid integer")
        return in_range(value, path, low, high)

    return check


def number(low: float | None = None, high: float | None = None) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return fault(path, "Input should be a valid number")
        return in_range(value, path, low, high)

    return check


def in_range(
    value: float, path: str, low: float | None, high: float | None
) -> list[str]:
    if low is not None and value < low:
        return fault(path, f"Input should be greater than or equal to {low}")
    if high is not None and value > high:
        return fault(path, f"Input should be less than or equal to {high}")
    return []


def one_of(*choices: str) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if value in choices:
            return []
        return fault(path, f"Input should be {' or '.join(map(repr, choices))}")

    return check


def items(check_item: Check, at_least: int = 0, at_most: int | None = None) -> Check:
    """A list; its items' paths start anew, as in the quoted `messages.2.assistant`."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return fault(path, "Input should be a valid list")
        if len(value) < at_least:
            return fault(path, f"List should have at least {at_least} item")
        if at_most is not None and len(value) > at_most:
            return fault(path, f"List should have at most {at_most} items")
        inner = path.removeprefix("body.")
        return [
            each
            for place, item in enumerate(value)
            for each in check_item(item, f"{inner}.{place}")
        ]

    return check


def entries(at_most: int, check_value: Check) -> Check:
    """An object with free keys."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return mapping(value, path)
        if len(value) > at_most:
            return fault(path, f"Object should have at most {at_most} entries")
        return [
            each
            for key, item in value.items()
            for each in check_value(item, f"{path}.{key}")
        ]

    return check


def fields(known: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """An object with these keys and no others; null is as good as absent."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return mapping(value, path)
        faults = [
            each
            for key in required
            if value.get(key) is None
            for each in fault(f"{path}.{key}", "Field required")
        ]
        for key, item in value.items():
            inner = f"{path}.{key}"
            if key not in known:
                faults += unsupported(inner)
            elif item is not None:
                faults += known[key](item, inner)
        return faults

    return check


def either(*checks: Check) -> Check:
    """The first that has no complaint; else what the last one says."""

    def check(value: Any, path: str) -> list[str]:
        faults: list[str] = []
        for each in checks:
            faults = each(value, path)
            if not faults:
                break
        return faults

    return check
