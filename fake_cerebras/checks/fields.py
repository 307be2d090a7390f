"""Build checks of JSON values: types, ranges, and the keys of objects.

A check takes a value and its path, and returns its errors as texts. The text about
unsupported properties is quoted; the others are guesses in the style of pydantic.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Check = Callable[[Any, str], list[str]]


def error(path: str, text: str) -> list[str]:
    return [f"{path}: {text}"]


def unsupported(value: Any, path: str) -> list[str]:
    return error(path, f"property '{path}' is unsupported")


def anything(value: Any, path: str) -> list[str]:
    return []


def boolean(value: Any, path: str) -> list[str]:
    if isinstance(value, bool):
        return []
    return error(path, "Input should be a valid boolean")


def mapping(value: Any, path: str) -> list[str]:
    if isinstance(value, dict):
        return []
    return error(path, "Input should be an object")


def string(value: Any, path: str) -> list[str]:
    if isinstance(value, str):
        return []
    return error(path, "Input should be a valid string")


def name(max_length: int, pattern: str) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return string(value, path)
        if len(value) > max_length:
            return error(path, f"String should have at most {max_length} characters")
        if not re.fullmatch(pattern, value):
            return error(path, f"String should match pattern '^{pattern}$'")
        return []

    return check


def integer(low: int | None = None, high: int | None = None) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return error(path, "Input should be a valid integer")
        return _range(value, path, low, high)

    return check


def number(low: float | None = None, high: float | None = None) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return error(path, "Input should be a valid number")
        return _range(value, path, low, high)

    return check


def _range(value: float, path: str, low: float | None, high: float | None) -> list[str]:
    if low is not None and value < low:
        return error(path, f"Input should be greater than or equal to {low}")
    if high is not None and value > high:
        return error(path, f"Input should be less than or equal to {high}")
    return []


def one_of(*choices: str) -> Check:
    def check(value: Any, path: str) -> list[str]:
        if value in choices:
            return []
        return error(path, f"Input should be {' or '.join(map(repr, choices))}")

    return check


def items(check_item: Check, at_least: int = 0, at_most: int | None = None) -> Check:
    """Return a check of a list.

    The paths of its items lack the prefix `body.`, as in the quoted
    `messages.2.assistant`.
    """

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return error(path, "Input should be a valid list")
        if len(value) < at_least:
            return error(path, f"List should have at least {at_least} item")
        if at_most is not None and len(value) > at_most:
            return error(path, f"List should have at most {at_most} items")
        prefix = path.removeprefix("body.")
        return [
            each
            for index, item in enumerate(value)
            for each in check_item(item, f"{prefix}.{index}")
        ]

    return check


def entries(at_most: int, check_value: Check) -> Check:
    """Return a check of an object whose keys are free."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return mapping(value, path)
        if len(value) > at_most:
            return error(path, f"Object should have at most {at_most} entries")
        return [
            each
            for key, item in value.items()
            for each in check_value(item, f"{path}.{key}")
        ]

    return check


def fields(checks: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """Return a check of an object with these keys only; null counts as absent."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return mapping(value, path)
        errors = [
            each
            for key in required
            if value.get(key) is None
            for each in error(f"{path}.{key}", "Field required")
        ]
        for key, item in value.items():
            if key not in checks:
                errors += unsupported(item, f"{path}.{key}")
            elif item is not None:
                errors += checks[key](item, f"{path}.{key}")
        return errors

    return check


def either(*checks: Check) -> Check:
    """Return a check that one of these passes; errors are those of the last one."""

    def check(value: Any, path: str) -> list[str]:
        errors: list[str] = []
        for each in checks:
            errors = each(value, path)
            if not errors:
                break
        return errors

    return check
