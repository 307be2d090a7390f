"""Shapes: the values that the parser of a client accepts, as data.

A dict requires its keys, a list requires its only shape of every item, a type requires
exactly that type, a pattern requires a matching text, and a function returns whether
the value is accepted. Further keys are allowed.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Shape = Any
Check = Callable[[Any], bool]

# RFC 3339, as the parsers of Go, Rust and Java accept it.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
# datetime.fromisoformat of Python 3.10 accepts no Z and at most microseconds.
PYTHON_3_10 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?[+-]\d\d:\d\d"
)
DIGEST = re.compile(r"[0-9a-f]{64}")


def is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def is_positive(value: Any) -> bool:
    return type(value) is int and value > 0


def one_of(*choices: Any) -> Check:
    return lambda value: value in choices


def contains(*words: str) -> Check:
    """Accept a list, or a text, that contains all these texts."""
    return lambda value: all(word in value for word in words)


def excludes(word: str) -> Check:
    return lambda value: word not in value


def all_of(*shapes: Shape) -> Check:
    return lambda value: not any(list(find_mismatches(value, s)) for s in shapes)


def find_mismatches(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Return a line for each part of the value that does not fit."""
    if isinstance(shape, dict):
        yield from _find_in_object(value, shape, path)
    elif isinstance(shape, list):
        if type(value) is not list:
            yield f"{path} is not a list: {value!r}"
            return
        for place, item in enumerate(value):
            yield from find_mismatches(item, shape[0], f"{path}[{place}]")
    elif not _fits(value, shape):
        yield f"{path} does not fit: {value!r}"


def _find_in_object(value: Any, shape: dict[str, Shape], path: str) -> Iterator[str]:
    if type(value) is not dict:
        yield f"{path} is not an object: {value!r}"
        return
    for key, required in shape.items():
        if key in value:
            yield from find_mismatches(value[key], required, f"{path}.{key}")
        else:
            yield f"{path}.{key} is missing"


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, re.Pattern):
        return type(value) is str and shape.fullmatch(value) is not None
    return bool(shape(value))
